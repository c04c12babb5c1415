"""Solution: grids, errors against references, the JSON summary, pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray

from pdelang.compiler.parameters import UsageError
from pdelang.runtime.panels import STYLE
from pdelang.runtime.plotting import picture
from pdelang.runtime.solution import Solution
from tests.runtime.sketches import SKETCHES, sketch, wave


@pytest.fixture(scope="module")
def moving() -> Solution:
    return SKETCHES["space_time"]()


def dataset(**changes: object) -> xarray.Dataset:
    x, t = np.linspace(-1, 1, 21), np.linspace(0, 1, 11)
    return xarray.Dataset({"u": (("x", "t"), wave(x[:, None], t))}, coords={"x": x, "t": t}).assign(**changes)


def test_the_grid_is_labelled(moving: Solution) -> None:
    grid = moving.to_xarray({"x": 5, "t": [0.0, 0.25]})
    assert grid.sizes == {"x": 5, "t": 2}
    assert grid.attrs["parameter_nu"] == 0.02
    assert grid["t"].attrs["long_name"] == "time"
    np.testing.assert_allclose(grid["u"].sel(x=0.5, t=0.25), moving(x=0.5, t=0.25))
    assert moving.to_xarray(9).sizes == {"x": 9, "t": 9}


@pytest.mark.parametrize(("resolution", "message"), [({"y": 3}, "no coordinate 'y'"), (1, "x needs 2 points or more")])
def test_a_wrong_resolution_is_refused(moving: Solution, resolution: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        moving.to_xarray(resolution)


@pytest.mark.parametrize("resolution", [10**12, 10**5, {"x": 10**9, "t": [0.0]}])
def test_a_grid_that_no_memory_holds_is_refused(moving: Solution, resolution: object) -> None:
    with pytest.raises(ValueError, match="at most 100,000,000 points, not"):
        moving.axes(resolution)


def test_a_resolution_of_the_wrong_kind_is_not_ignored(moving: Solution) -> None:
    assert moving.to_xarray(np.int64(9)).sizes == {"x": 9, "t": 9}
    for wrong in (9.0, "9", [9, 9]):
        with pytest.raises(TypeError, match="resolution is a number of points"):
            moving.to_xarray(wrong)


def test_the_error_is_the_relative_norm_over_the_points(moving: Solution) -> None:
    data = dataset()
    compared = replace(moving, relative_l2={}).compared_with(data)
    mine = moving(x=data["x"].values[:, None], t=data["t"].values)
    assert compared.relative_l2 == {"u": np.linalg.norm(mine - data["u"]) / np.linalg.norm(data["u"])}
    assert 0 < compared.relative_l2["u"] < 1e-3
    twice = moving.compared_with(2 * data)
    assert twice.relative_l2["u"] == pytest.approx(0.5, abs=1e-3)


def test_a_field_that_should_vanish_is_measured_against_the_largest() -> None:
    def sine(x: np.ndarray) -> np.ndarray:
        return np.sin(3 * x)

    solution = sketch({"u": sine, "v": np.zeros_like}, {"x": (0.0, 1.0)}, 12)
    x = np.linspace(0.0, 1.0, 21)
    data = xarray.Dataset({"u": ("x", sine(x)), "v": ("x", np.zeros(21))}, coords={"x": x})
    assert solution.compared_with(data).relative_l2["v"] < 1e-3


def test_holes_in_a_reference_are_left_out(moving: Solution) -> None:
    data = dataset()
    whole = moving.compared_with(data).relative_l2["u"]
    assert moving.compared_with(data.where(data["x"] != data["x"][3])).relative_l2["u"] == pytest.approx(whole, rel=0.5)


def test_a_reference_file_may_be_a_slice_in_any_order(moving: Solution, tmp_path: Path) -> None:
    path = tmp_path / "end.nc"
    dataset().isel(t=-1).to_netcdf(path)
    assert moving.compared_with(path).relative_l2["u"] < 1e-3
    dataset().transpose("t", "x").to_netcdf(path)
    compared = moving.compared_with(path)
    assert compared.relative_l2["u"] < 1e-3
    assert compared.reference is not None
    assert compared.reference.attrs["source"] == "end.nc"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dataset().rename(u="w"), "holds w, and none of the fields of sketch: u"),
        (dataset().rename(x="r"), "has no coordinate 'x'"),
        (dataset().expand_dims(run=2), "dimension 'run' that is not a coordinate"),
        (dataset(x=np.linspace(-2, 1, 21)), r"x covers \[-2, 1\], the problem \[-1, 1\]"),
        (dataset(u=(("x", "t"), np.full((21, 11), "a"))), "not real numbers"),
    ],
    ids=["fields", "coordinates", "dimensions", "domain", "text"],
)
def test_a_reference_that_does_not_fit_is_refused(moving: Solution, tmp_path: Path, data: xarray.Dataset, message: str) -> None:
    path = tmp_path / "reference.nc"
    data.to_netcdf(path)
    with pytest.raises(UsageError, match=message):
        moving.compared_with(path)


def test_a_reference_that_is_no_netcdf_is_refused(moving: Solution, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        moving.compared_with(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("x,t,u\n")
    with pytest.raises(UsageError, match="cannot be read as netCDF"):
        moving.compared_with(tmp_path / "text.nc")


def test_json_has_the_documented_keys_and_no_nan(moving: Solution) -> None:
    data = json.loads(json.dumps(moving.to_json(), allow_nan=False))
    assert list(data) == [
        "status",
        "converged",
        "residual",
        "error_estimate",
        "relative_l2",
        "seconds",
        "compile_seconds",
        "kernels",
        "iterations",
        "parameters",
        "method",
        "reason",
        "message",
        "certificate",
    ]
    assert data["status"] == "converged"
    assert data["parameters"] == {"nu": 0.02}
    assert replace(moving, relative_l2={"u": np.inf}).to_json()["relative_l2"] == {"u": None}


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer pixels: what is drawn is the same."""
    monkeypatch.setitem(STYLE, "figure.dpi", 40)


@pytest.mark.parametrize("name", SKETCHES)
def test_every_kind_of_domain_has_a_picture(name: str, tmp_path: Path, coarse: None) -> None:
    path = SKETCHES[name]().plot(tmp_path / "picture.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


def test_a_picture_shows_the_error_where_a_reference_is_known_and_else_the_residuals() -> None:
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in picture(SKETCHES["plane_in_time"]()).axes]
    assert "Residuals (dashed: tolerance)" in titles
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in picture(SKETCHES["plane"]()).axes]
    assert any(title.startswith("Error of u: L2 ") for title in titles)


def test_vector_graphics_and_animations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coarse: None) -> None:
    monkeypatch.setattr("pdelang.runtime.animation.FRAMES", 3)
    moving = SKETCHES["system"]()
    assert moving.plot(tmp_path / "u.svg").read_text().startswith("<?xml")
    from PIL import Image

    with Image.open(moving.plot(tmp_path / "u.gif")) as image:
        assert image.n_frames == 3
    monkeypatch.setattr("pdelang.runtime.animation.FRAMES", 2)
    with Image.open(SKETCHES["plane_in_time"]().plot(tmp_path / "v.gif")) as image:
        assert image.n_frames == 2


def test_what_no_picture_can_be_called(moving: Solution, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.bmp'; give one of"):
        moving.plot(tmp_path / "u.bmp")
    with pytest.raises(UsageError, match="the problem has no time"):
        SKETCHES["plane"]().plot(tmp_path / "u.gif")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        moving.plot(tmp_path / "none" / "u.png")
    assert not list(tmp_path.iterdir())
