"""solve and plot: the summary, the files, the exit codes, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pdelang.runtime import api
from pdelang.runtime.result import MethodResult
from pdelang.runtime.solution import Solution
from pdelang.runtime.status import Status
from tests.cli.conftest import HEAT, Cli

KEYS = [
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


def test_solve_prints_a_summary_and_writes_what_was_asked_for(cli: Cli, heat: str, tmp_path: Path) -> None:
    ran = cli("solve", heat, "-p", "k=1.5", "--tol", "1e-5", "-o", "u.nc", "--plot", "u.png", "--plot-layout", "l.png")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Heat in a bar   k = 1.5\n")
    for label in (
        "status",
        "method",
        "residual",
        "conditions",
        "relative L2 error of u against exact solution",
        "kernels",
        "u.nc, u.png, l.png",
    ):
        assert label in ran.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["heat.pde", "l.png", "u.nc", "u.png"]
    loaded = Solution.load(tmp_path / "u.nc")
    assert loaded.relative_l2["u"] < 1e-5
    drawn = cli("plot", "u.nc", "-o", "v.png")
    assert (drawn.code, drawn.out) == (0, "wrote v.png\n")
    assert cli("plot", "u.nc", "--plot-layout", "k.png").out == "wrote k.png\n"
    assert "it does not move" in cli("plot", "u.nc", "--plot-layout", "k.gif").error


def test_json_is_one_object_with_the_documented_keys(cli: Cli, heat: str) -> None:
    ran = cli("solve", heat, "--json", "--tol", "1e-4")
    assert ran.code == 0
    data = ran.json
    assert list(data) == KEYS
    assert data["converged"] is True
    assert data["status"] == "converged"
    assert data["relative_l2"]["u"] < 1e-4
    assert data["parameters"] == {"k": 1.0}
    assert data["method"] == "product"


def test_the_certificate_is_in_the_terminal_in_the_json_and_in_the_file(cli: Cli, heat: str) -> None:
    """Residual by equation and by term, misfit by condition, estimate, method and reason, kernels and iterations."""
    import h5py

    printed = cli("solve", heat, "--tol", "1e-4", "-o", "u.nc").out
    data = cli("solve", heat, "--tol", "1e-4", "--json").json
    with h5py.File("u.nc") as file:
        attributes = dict(file.attrs)
    certificate = data["certificate"]
    assert certificate["error_estimate"]["u"] == attributes["error_estimate_u"] == data["error_estimate"]
    assert certificate["residual"] == attributes["residual"] == data["residual"]
    (equation,), conditions = certificate["equations"], certificate["conditions"]
    assert [t["text"] for t in equation["terms"]] == ["k*u_xx", "u_t"] or [t["text"] for t in equation["terms"]] == ["u_t", "k*u_xx"]
    for report, kind in [(equation, "residual_1"), *((c, f"misfit_{n}") for n, c in enumerate(conditions, 1))]:
        words = f"{report['relative']:.1e}   {report['label']}, line {report['line']}"
        assert words in printed
        assert attributes[kind].startswith(words.replace("   ", " "))
    sizes = ", ".join(f"{t['text']} {t['norm']:.1e}" for t in equation["terms"])
    assert f"of {sizes}\n" in printed
    assert attributes["residual_1"].endswith(f"terms {sizes}")
    assert f"{data['method']}: {data['reason']}"[:40] in printed
    assert (attributes["method"], attributes["reason"]) == (data["method"], data["reason"])
    assert f"{data['kernels']:,} kernels, {data['iterations']} iterations" in printed
    assert (attributes["kernels"], attributes["iterations"]) == (data["kernels"], data["iterations"])


def test_a_tolerance_out_of_reach_is_said_and_the_result_is_written(cli: Cli, heat: str, tmp_path: Path) -> None:
    ran = cli("solve", heat, "--method", "least_squares", "-O", "kernels=9", "-O", "slabs=1", "--tol", "1e-14", "-o", "u.nc")
    assert ran.code == 3
    assert "not converged" in ran.out
    assert not Solution.load(tmp_path / "u.nc").converged


def test_options_of_the_program_are_defaults(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "heat.pde").write_text(HEAT + "option method = least_squares\noption kernels = 9\noption slabs = 1\n")
    few = cli("solve", "heat.pde", "--json").json
    more = cli("solve", "heat.pde", "--json", "-O", "kernels=600").json
    assert few["kernels"] < more["kernels"]


def test_a_wrong_option_of_the_program_is_the_programs_fault(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "heat.pde").write_text(HEAT + "option kernel = 9\n")
    ran = cli("solve", "heat.pde")
    assert ran.code == 1
    assert "heat.pde:10:" in ran.err
    assert "kernels" in ran.err


def test_the_error_against_a_reference(cli: Cli, tmp_path: Path) -> None:
    import xarray

    (tmp_path / "heat.pde").write_text(HEAT.rpartition("exact")[0])
    x, t = np.linspace(0, 1, 11), np.linspace(0, 0.1, 5)
    values = np.exp(-(np.pi**2) * t) * np.sin(np.pi * x[:, None])
    xarray.Dataset({"u": (("x", "t"), values)}, coords={"x": x, "t": t}).to_netcdf(tmp_path / "ref.nc")
    assert cli("solve", "heat.pde", "--json").json["relative_l2"] == {}
    ran = cli("solve", "heat.pde", "--reference", "ref.nc", "--tol", "1e-4")
    assert "relative L2 error of u against ref.nc" in ran.out


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"parameter_k": 0.75}, "ref.nc was made with k = 0.75, this solve has k = 1.5"),
        ({"parameters": '{"k": 1}'}, "ref.nc was made with k = 1, this solve has k = 1.5"),
        ({"parameters": "k = 1"}, "ref.nc: its attribute `parameters` is not JSON"),
        ({"parameter_k": "one"}, "ref.nc says k = 'one', which is not a number"),
        ({"parameter_k": [1.5, 1.5]}, "ref.nc was made with k = (1.5, 1.5), this solve has k = 1.5"),
    ],
)
def test_a_reference_made_at_other_parameters_is_refused(
    cli: Cli, heat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attributes: dict[str, Any], message: str
) -> None:
    import xarray

    coordinates = {"x": [0.0, 1.0], "t": [0.0, 0.1]}
    xarray.Dataset({"u": (("x", "t"), np.zeros((2, 2)))}, coordinates, attributes).to_netcdf(tmp_path / "ref.nc")
    monkeypatch.setattr(api, "solve", lambda *_, **__: pytest.fail("the solve was started"))
    assert cli("solve", heat, "-q", "-p", "k=1.5", "--reference", "ref.nc").error == message


def test_a_reference_at_the_same_parameters_is_taken(cli: Cli, heat: str) -> None:
    assert cli("solve", heat, "-p", "k=1.5", "--tol", "1e-3", "-o", "ref.nc").code == 0
    ran = cli("solve", heat, "-p", "k=1.5", "--tol", "1e-3", "--reference", "ref.nc", "--json")
    assert ran.json["relative_l2"]["u"] < 1e-12
    assert "was made with k = 1.5, this solve has k = 1" in cli("solve", heat, "-q", "--reference", "ref.nc").error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "k=3"], "parameter `k` = 3 lies outside its range [0.5, 2]"),
        (["-p", "kk=1"], "unknown parameter `kk`: did you mean `k`?"),
        (["-p", "k"], "-p 'k': write -p NAME=VALUE"),
        (["-p", "k=1,2"], "takes one number, not 2"),
        (["-p", "k=nan"], "not finite"),
        (["-O", "kernel=3"], "no option 'kernel': did you mean 'kernels'?"),
        (["-O", "kernels=2.5"], "must be a whole number between"),
        (["--tol", "0"], "option 'tolerance' must be between"),
        (["--tol", "1e-3", "-O", "tolerance=1e-4"], "tolerance is given twice"),
        (["--method", "magic"], "no method 'magic': the methods are auto, "),
        (["-o", "u.csv"], "cannot write u.csv: a solution is netCDF4"),
        (["-o", "none/u.nc"], "cannot write none/u.nc: there is no folder none"),
        (["-o", "folder.nc"], "folder.nc is a folder"),
        (["-o", "heat.pde/u.nc"], "there is no folder heat.pde"),
        (["--plot", "u.bmp"], "cannot plot to u.bmp: '.bmp'; give one of .png"),
        (["--plot", "u"], "no extension; give one of .png"),
        (["--reference", "none.nc"], "no such file: none.nc"),
        (["--reference", "heat.pde"], "heat.pde cannot be read as netCDF: it is in another format"),
    ],
)
def test_a_wrong_command_is_found_before_the_solve(
    cli: Cli, heat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setattr(api, "solve", lambda *_, **__: pytest.fail("the solve was started"))
    (tmp_path / "folder.nc").mkdir()
    before = sorted(p.name for p in tmp_path.iterdir())
    assert message in cli("solve", heat, "-q", *arguments).error
    as_json = cli("solve", heat, "--json", *arguments)
    assert as_json.code == 2
    assert message in as_json.json["diagnostics"][0]["message"]
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_wrong_program_as_json(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text(HEAT.replace("k*u_xx", "kk*u_xx"))
    ran = cli("solve", "wrong.pde", "--json")
    assert ran.code == 1
    assert ran.json["diagnostics"][0]["code"] == "E201"
    assert ran.json["diagnostics"][0]["place"]["line"] == 5


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method is stopped by Ctrl-C half-way: it hands back what it has."""
    whole = api.METHODS

    class Stopped(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            def stopped(*arguments: Any) -> MethodResult:
                return replace(whole[name](*arguments), status=Status.INTERRUPTED)

            return stopped

        def __contains__(self, name: object) -> bool:
            return name in whole

    monkeypatch.setattr(api, "METHODS", Stopped())


def test_ctrl_c_keeps_what_was_computed(cli: Cli, heat: str, tmp_path: Path, interrupted: None) -> None:
    ran = cli("solve", heat, "-o", "u.nc", "--tol", "1e-4")
    assert ran.code == 130
    assert "interrupted: what was computed until then is kept" in ran.out
    assert Solution.load(tmp_path / "u.nc").status is Status.INTERRUPTED
    assert cli("solve", heat, "--json", "--tol", "1e-4").json["status"] == "interrupted"


@pytest.mark.parametrize(
    "place", ["pdelang.compiler.pipeline.compile", "pdelang.runtime.api.solve", "pdelang.runtime.solution.Solution.save"]
)
@pytest.mark.parametrize("mode", [["--json"], ["-q"]])
def test_ctrl_c_anywhere_leaves_no_half_written_file(
    cli: Cli, heat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, mode: list[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, stop)
    ran = cli("solve", heat, "-o", "u.nc", "--tol", "1e-4", *mode)
    assert ran.code == 130
    assert [p.name for p in tmp_path.iterdir()] == ["heat.pde"]
    if mode == ["--json"]:
        assert ran.json["status"] in ("interrupted", "converged")


def test_a_full_disk_is_one_line_after_the_summary(cli: Cli, heat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "u.nc")

    monkeypatch.setattr("pdelang.runtime.storage.write_arrays", full)
    ran = cli("solve", heat, "-q", "-o", "u.nc", "--tol", "1e-4")
    assert ran.code == 2
    assert "Heat in a bar" in ran.out
    assert ran.err == "error: u.nc: no space left on device\n"
    assert [p.name for p in tmp_path.iterdir()] == ["heat.pde"]


@pytest.mark.parametrize("name", ["none.nc", "heat.pde"])
def test_plot_of_what_is_no_result(cli: Cli, heat: str, name: str) -> None:
    message = cli("plot", name, "-o", "u.png").error
    assert "no such file" in message or "not a netCDF4 file" in message


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_bar_and_standard_output_only_the_summary(heat: str, tmp_path: Path) -> None:
    master, slave = os.openpty()
    command = [sys.executable, "-m", "pdelang", "solve", heat, "--tol", "1e-4"]
    ran = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=slave, timeout=120, text=True)
    os.close(slave)
    bar = os.read(master, 1 << 16).decode(errors="replace")
    os.close(master)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Heat in a bar")
    assert "\x1b" in bar
