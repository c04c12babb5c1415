"""netCDF: what is saved comes back bit for bit; every other file is refused with one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from pdelang.compiler.parameters import UsageError
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve.slabs import Slabs
from tests.runtime.sketches import SKETCHES

PROGRAM = (
    "u_t + u*u_x = nu*u_xx\nparam nu in [0.001, 0.1] = 0.02\nx in [-1, 1]\nt in [0, 1]\nu(x, 0) = sin(pi*x)\nu(-1, t) = 0\nu(1, t) = 0\n"
)


@pytest.fixture(scope="module")
def moving() -> Solution:
    from pdelang.language.semantics import parse

    return replace(SKETCHES["space_time"](), problem=parse(PROGRAM, "burgers.pde"))


@pytest.fixture
def saved(moving: Solution, tmp_path: Path) -> Path:
    return moving.save(tmp_path / "u.nc")


def test_a_solution_comes_back(moving: Solution, saved: Path) -> None:
    loaded = Solution.load(saved)
    x = np.linspace(-1, 1, 9)
    np.testing.assert_array_equal(loaded(x=x, t=0.3), moving(x=x, t=0.3))
    np.testing.assert_array_equal(loaded.derivative("u_xx", x=x, t=0.3), moving.derivative("u_xx", x=x, t=0.3))
    assert loaded.to_json() == moving.to_json()
    assert loaded.certificate == moving.certificate
    assert loaded.problem == moving.problem
    assert moving.reference is not None
    assert loaded.reference is not None
    xarray.testing.assert_allclose(loaded.reference, moving.reference, rtol=0)


def test_slabs_come_back(moving: Solution, tmp_path: Path) -> None:
    assert moving.representation is not None
    slabs = Slabs(np.array([0.0, 0.5, 1.0]), (moving.representation, moving.representation))
    loaded = Solution.load(replace(moving, representation=slabs).save(tmp_path / "slabs.nc"))
    np.testing.assert_allclose(loaded(x=0.2, t=[0.1, 0.9]), moving(x=0.2, t=[0.1, 0.9]), rtol=1e-12)


def test_vector_parameters_come_back(moving: Solution, tmp_path: Path) -> None:
    loaded = Solution.load(replace(moving, parameters={"nu": 0.02, "a": np.array([0.1, 0.2])}).save(tmp_path / "a.nc"))
    np.testing.assert_array_equal(loaded.parameters["a"], [0.1, 0.2])


def test_other_tools_find_the_fields(moving: Solution, saved: Path) -> None:
    with xarray.open_dataset(saved) as data:
        assert list(data.data_vars) == ["u"]
        assert set(data["u"].dims) == {"x", "t"}
        assert data.attrs["status"] == "converged"
        assert data.attrs["parameter_nu"] == 0.02
        np.testing.assert_allclose(data["u"].sel(x=0.5, t=0.5), moving(x=0.5, t=0.5))


def test_saving_leaves_one_file_and_replaces_the_old(moving: Solution, saved: Path) -> None:
    saved.write_text("old")
    moving.save(saved)
    assert Solution.load(saved).converged
    assert [p.name for p in saved.parent.iterdir()] == ["u.nc"]


def test_a_failed_save_leaves_the_old_file(moving: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "u.nc"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pdelang.runtime.storage.write_arrays", full)
    with pytest.raises(OSError, match="No space left"):
        moving.save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["u.nc"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(saved: Path, share: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UsageError, match="not a netCDF4 file, or it was cut short"):
        Solution.load(saved)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Solution.load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("not netCDF")
    with pytest.raises(UsageError, match="not a netCDF4 file"):
        Solution.load(tmp_path / "text.nc")
    xarray.Dataset({"u": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(UsageError, match="not a solution that pdelang saved"):
        Solution.load(tmp_path / "other.nc")


def test_another_version_is_named(saved: Path) -> None:
    with h5py.File(saved, "a") as file:
        file.attrs["format_version"] = 99
    with pytest.raises(UsageError, match=r"format 99, written by pdelang .*: solve again"):
        Solution.load(saved)


@pytest.mark.parametrize("lost", ["expansion/weights", "expansion", "solve", "solve/state"])
def test_a_damaged_file_is_refused(saved: Path, lost: str) -> None:
    with h5py.File(saved, "a") as file:
        del file[lost]
    with pytest.raises(UsageError, match=r"damaged|cut short"):
        Solution.load(saved)


def test_an_unknown_kind_of_expansion_is_refused(saved: Path) -> None:
    with h5py.File(saved, "a") as file:
        state = file["solve/state"][()].decode().replace('"scattered"', '"os.system"')
        del file["solve/state"]
        file["solve/state"] = state
    with pytest.raises(UsageError, match="damaged"):
        Solution.load(saved)


def test_shared_arrays_are_written_once(tmp_path: Path) -> None:
    """Slabs on one layout share its basis: in the file, and again in memory."""
    from pdelang.runtime.storage import read_arrays, write_arrays

    basis = np.random.default_rng(0).normal(size=(200, 200))
    write_arrays(tmp_path / "a.nc", {f"{s}/basis": basis for s in range(20)} | {"0/own": np.arange(3.0)}, "parts")
    assert (tmp_path / "a.nc").stat().st_size < 2 * basis.nbytes
    with h5py.File(tmp_path / "a.nc") as file:
        found = read_arrays(file["parts"])
    assert len(found) == 21
    assert found["0/basis"] is found["19/basis"]
    assert np.array_equal(found["7/basis"], basis)
