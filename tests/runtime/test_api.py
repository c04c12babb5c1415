"""`pdelang.solve`: the call's mistakes are UsageErrors, the program's options are defaults, the choice of a method is explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.solve import METHODS, choose
from pdelang.runtime.status import Status

PROGRAM = """
x in [0, 1]
param k in [0.1, 10] = 1
u_xx = -k
u(0) = 0
u(1) = 0
exact u = k*x*(1 - x)/2
"""


def test_a_program_is_solved_at_its_parameters() -> None:
    solution = pdelang.solve(pdelang.parse(PROGRAM), k=4.0, method="least_squares")
    assert solution.converged
    assert solution.parameters["k"] == 4.0
    assert solution.relative_l2["u"] < 1e-10
    np.testing.assert_allclose(solution(x=0.5), 0.5, rtol=1e-9)
    assert solution.method == "least_squares"
    assert "linear" in solution.reason


def test_a_path_a_problem_and_a_compiled_problem_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rod.pde"
    path.write_text(PROGRAM)
    problem = pdelang.load(path)
    answers = [pdelang.solve(p, method="least_squares")(x=0.3) for p in (path, problem, pdelang.compile(problem))]
    assert answers[0] == answers[1] == answers[2]


def test_options_of_the_program_are_defaults() -> None:
    problem = pdelang.parse(PROGRAM + "\noption kernels = 29\noption method = least_squares\n")
    assert pdelang.solve(problem).kernels == pytest.approx(29, abs=2)
    assert pdelang.solve(problem, kernels=23).kernels == pytest.approx(23, abs=2)
    assert pdelang.solve(problem, options=SolveOptions(kernels=21, method="least_squares")).kernels == pytest.approx(21, abs=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kk": 1.0}, "kk"),
        ({"k": 1000.0}, "k"),
        ({"k": float("nan")}, "k"),
        ({"tolerance": -1}, "tolerance"),
        ({"method": "magic"}, "the methods are auto"),
        ({"method": "first_order", "optimizer": "magic"}, "optimizer"),
    ],
)
def test_mistakes_of_the_call(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pdelang.solve(pdelang.parse(PROGRAM), **settings)


def test_an_empty_where_is_a_mistake_of_the_call() -> None:
    text = PROGRAM.replace("u_xx = -k\n", "u_xx = -k where x > 0\nparam edge in [0, 5] = 3\n").replace("u(1) = 0", "u(1) = 0")
    problem = pdelang.parse(text.replace("where x > 0", "where x > edge").replace("exact u = k*x*(1 - x)/2\n", ""))
    with pytest.raises(UsageError, match="no point of the domain"):
        pdelang.solve(problem, method="least_squares")


def test_auto_says_why() -> None:
    name, reason = choose(pdelang.compile(pdelang.parse(PROGRAM)))
    assert name in METHODS
    assert reason


def test_progress_is_told_and_an_interrupt_is_kept() -> None:
    stages: list[str] = []

    def watch(stage: str, fraction: float | None = None, **figures: float) -> None:
        stages.append(stage)
        raise KeyboardInterrupt

    solution = pdelang.solve(pdelang.parse(PROGRAM), method="least_squares", progress=watch)
    assert stages == ["level 1"]
    assert solution.status is Status.INTERRUPTED
    assert not solution.converged


def test_a_file_that_is_not_there_is_named_as_the_command_line_names_it(tmp_path: Path) -> None:
    (tmp_path / "rod.pde").write_text(PROGRAM)
    with pytest.raises(FileNotFoundError) as none:
        pdelang.solve(tmp_path / "none.pde")
    assert str(none.value) == f"no such file: {tmp_path / 'none.pde'}"
    with pytest.raises(FileNotFoundError, match=r"no such file: .*/rod; did you mean .*/rod\.pde\?"):
        pdelang.load(tmp_path / "rod")
    with pytest.raises(IsADirectoryError, match="is a folder, not a program"):
        pdelang.compile(tmp_path)


def test_a_solution_is_saved_under_a_name_for_netcdf_only(tmp_path: Path) -> None:
    solution = pdelang.solve(pdelang.parse(PROGRAM), method="least_squares", tolerance=1e-3)
    with pytest.raises(UsageError, match=r"a\.txt: a solution is netCDF4, give a name that ends in \.nc"):
        solution.save(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())
    assert solution.save(tmp_path / "a.NC").is_file()


def test_what_a_product_layout_cannot_hold_is_solved_with_scattered_kernels_and_said() -> None:
    """An initial condition on u_t, of an equation of first order in time."""
    text = "x in [0, 1]; t in [0, 1]\nu_t = u_xx\nu(0, t) = exact\nu(1, t) = exact\nu_t(x, 0) = -sin(x)\nexact u = exp(-t)*sin(x)\n"
    problem = pdelang.parse(text)
    assert choose(pdelang.compile(problem))[0] == "product"
    solution = pdelang.solve(problem, time_limit=600)
    assert solution.method == "least_squares"
    assert "a product layout cannot hold the problem: u_t(x, 0): holds a time derivative" in solution.reason
    assert solution.converged
    assert solution.relative_l2["u"] < 1e-8
    asked_for = pdelang.solve(problem, method="product", time_limit=600)
    assert asked_for.representation is None
    assert not asked_for.converged
