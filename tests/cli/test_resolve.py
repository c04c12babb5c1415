"""`pdelang solve FILE --from U.nc`: what it prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

PROGRAM = """problem sources
x in [0, 1]
param q in [0, 2] = 1
u - 0.01^2*u_xx = exp(-(x - 0.3)^2/(2*0.02^2)) + q*exp(-(x - 0.7)^2/(2*0.02^2))
u(0) = 0
u(1) = 0
"""


@pytest.fixture
def saved(cli: Cli, tmp_path: Path) -> str:
    (tmp_path / "sources.pde").write_text(PROGRAM)
    ran = cli("solve", "sources.pde", "--method", "least_squares", "-O", "kernels=160", "--tol", "1e-4", "-o", "u.nc", "--json")
    assert ran.json["converged"]
    return "u.nc"


def test_a_saved_solution_is_the_start(cli: Cli, saved: str, tmp_path: Path) -> None:
    again = cli("solve", "sources.pde", "--from", saved, "-p", "q=1.5", "--json", "-o", "again.nc", "--plot-layout", "layout.png").json
    assert again["converged"]
    assert again["method"] == "local"
    assert "of 160 kernels adapted anew" in again["reason"]
    assert again["parameters"] == {"q": 1.5}
    assert again["certificate"]["tolerance"] == 1e-4
    assert (tmp_path / "again.nc").exists()
    assert (tmp_path / "layout.png").exists()
    third = cli("solve", "sources.pde", "--from", "again.nc", "-p", "q=1.4", "-q")
    assert third.code == 0
    assert "local:" in third.out


def test_wrong_starts_are_refused(cli: Cli, saved: str, tmp_path: Path) -> None:
    (tmp_path / "other.pde").write_text("y in [0, 1]; v_yy = 1; v(0) = 0; v(1) = 0")
    (tmp_path / "wider.pde").write_text(PROGRAM.replace("[0, 1]", "[0, 2]").replace("u(1)", "u(2)"))
    assert "another program" in cli("solve", "other.pde", "--from", saved).error
    assert "another box" in cli("solve", "wider.pde", "--from", saved).error
    assert "no such file" in cli("solve", "sources.pde", "--from", "none.nc").error
    assert "outside its range" in cli("solve", "sources.pde", "--from", saved, "-p", "q=7").error
    assert "neither with --resume" in cli("solve", "sources.pde", "--from", saved, "-o", "v.nc", "--resume").error
