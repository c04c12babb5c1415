"""The programs of the language reference, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pdelang.language.diagnostics import ProblemError
from pdelang.language.semantics import parse

PROGRAMS = {
    "smallest": """u_t + c*u_x = 0
param c in [1, 50] = 30
x in [0, 2*pi] periodic
t in [0, 1]
u(x, 0) = sin(x)
exact u = sin(x - c*t)
""",
    "lshape": """problem lshape "Poisson on an L with a hole"
region hole = disk((-0.5, 0.5), 0.2)
(x, y) in rectangle((-1, -1), (1, 1)) - rectangle((0, 0), (1, 1)) - hole
-laplacian(u) = 1
on boundary: u = 0
on hole: dn(u) = 0           # the more specific place wins where two meet
""",
    "cavity": """problem cavity "Lid-driven cavity"
x in [0, 1]; y in [0, 1]
param Re in [10, 400] log = 100
field U[2], p
momentum: dot(U, grad(U)) + grad(p) = laplacian(U)/Re
mass: div(U) = 0
on x = 0: U = (0, 0)
on x = 1: U = (0, 0)
on y = 0: U = (0, 0)
on y = 1: U = (16*x^2*(1-x)^2, 0)
p(0, 0) = 0
""",
    "nls": """problem nls "Cubic Schroedinger equation, h = u + i v"
x in [-5, 5] periodic
t in [0, pi/2]
u_t + v_xx/2 + (u^2 + v^2)*v = 0
v_t - u_xx/2 - (u^2 + v^2)*u = 0
u(x, 0) = 2*sech(x)
v(x, 0) = 0
""",
}

INVERSE = """problem inverse_heat "Find the conductivity from noisy temperatures"
x in [0, 1]; t in [0, 0.5]
unknown k in [0.01, 2] = 0.5
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "temperatures.csv" weight 10
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_the_reference(name: str) -> None:
    problem = parse(PROGRAMS[name])
    assert problem.warnings == ()
    stated = re.search(r"problem (\w+)", PROGRAMS[name])
    assert problem.name == (stated.group(1) if stated else "<string>")


def test_an_inverse_problem_needs_its_file(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="E501"):
        parse(INVERSE, str(tmp_path / "inverse.pde"))
    (tmp_path / "temperatures.csv").write_text("x,t,u\n0.5,0.1,0.6\n")
    problem = parse(INVERSE, str(tmp_path / "inverse.pde"))
    assert [(p.name, p.unknown) for p in problem.parameters] == [("k", True)]
    assert problem.data[0].rows == ((0.5, 0.1, 0.6),)
    assert problem.warnings == ()
