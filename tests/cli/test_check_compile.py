"""check and compile: what is said about programs, and where it goes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pdelang.cli.compile import STAGES
from tests.cli.conftest import HEAT, Cli

WRONG = HEAT.replace("k*u_xx", "kk*u_xx").replace("u(1, t) = 0", "u(1, t = 0")


def test_check_says_what_was_understood(cli: Cli, heat: str) -> None:
    ran = cli("check", heat)
    assert ran.code == 0
    assert "Heat in a bar" in ran.out
    assert ran.err == ""


def test_check_reports_every_error_with_its_place(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text(WRONG)
    ran = cli("check", "wrong.pde")
    assert ran.code == 1
    assert ran.out == ""
    assert "--> wrong.pde:8:" in ran.err


def test_check_of_several_files_does_not_stop_at_the_first(cli: Cli, heat: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text(HEAT.replace("k*u_xx", "kk*u_xx"))
    ran = cli("check", "wrong.pde", heat)
    assert ran.code == 1
    assert "unknown name `kk`" in ran.err
    assert "Heat in a bar" in ran.out


def test_check_as_json(cli: Cli, heat: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text(HEAT.replace("k*u_xx", "kk*u_xx"))
    data = cli("check", heat, "wrong.pde", "--json").json
    assert data["status"] == "error"
    assert [f["status"] for f in data["files"]] == ["ok", "error"]
    assert "E201" in [d["code"] for d in data["diagnostics"]]
    good = cli("check", heat, "--json")
    assert good.code == 0
    assert good.json["status"] == "ok"


def test_a_wrong_exact_solution_is_found(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "heat.pde").write_text(HEAT.replace("exp(-k*pi^2*t)", "exp(-k*pi*t)"))
    ran = cli("check", "heat.pde")
    assert ran.code == 1
    assert "error[E4" in ran.err


@pytest.mark.parametrize("command", ["check", "compile", "solve"])
def test_a_missing_file(cli: Cli, heat: str, command: str) -> None:
    assert cli(command, "none.pde").error == "no such file: none.pde"
    assert cli(command, "heat").error == "no such file: heat; did you mean heat.pde?"
    assert cli(command, ".").error == ". is a folder, not a program"


def test_compile_writes_a_module_to_standard_output_or_a_file(cli: Cli, heat: str, tmp_path: Path) -> None:
    printed = cli("compile", heat)
    assert printed.code == 0
    ast.parse(printed.out)
    written = cli("compile", heat, "-o", "heat_solver.py")
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "heat_solver.py").read_text() == printed.out


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_prints(cli: Cli, heat: str, stage: str) -> None:
    ran = cli("compile", heat, "--emit", stage)
    assert ran.code == 0
    assert len(ran.out) > 40


def test_stages_are_those_of_the_compiler() -> None:
    from pdelang.compiler import pipeline

    assert tuple(pipeline.STAGES) == STAGES


def test_compile_refuses(cli: Cli, heat: str, tmp_path: Path) -> None:
    assert "no stage 'c': the stages are ast, problem" in cli("compile", heat, "--emit", "c").error
    assert cli("compile", heat, "-o", "none/a.py").error == "cannot write none/a.py: there is no folder none"
    assert "is a folder" in cli("compile", heat, "-o", str(tmp_path)).error


def test_compile_of_a_wrong_program_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text(WRONG)
    assert cli("compile", "wrong.pde", "-o", "wrong.py").code == 1
    assert not (tmp_path / "wrong.py").exists()
