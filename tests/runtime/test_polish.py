"""Queries of coefficients below what was learned: generated, stepped in the labels' directions, finished by one march."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.runtime.family import Family
from pdelang.runtime.generator import coefficients_training
from pdelang.runtime.generator.polish import Plans
from pdelang.runtime.status import Status

PROGRAM = """
problem modes
x in [-1, 1]
t in [0, 0.5]
param nu in [0.03, 0.1] log
param a[3] in [-0.5, 0.5]
u_t + u*u_x = nu*u_xx
u(x, 0) = sum(k in 1..3: a[k]*sin(k*pi*x))
u(-1, t) = 0
u(1, t) = 0
"""
ASKED = {"nu": 0.04, "a": [0.3, -0.4, 0.2]}


@pytest.fixture(scope="module")
def family() -> Family:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coefficients_training, "PLANS", 6)
        return pdelang.train(pdelang.parse(PROGRAM), generator="coefficients", tolerance=1e-6, kernels=32, steps=500, batch=64)


def error(family: Family, **settings: float) -> tuple[float, pdelang.Solution]:
    x, t = np.linspace(-1, 1, 65)[:, None], np.linspace(0, 0.5, 9)
    truth = pdelang.solve(family.compiled, tolerance=1e-8, **ASKED)(x=x, t=t)
    found = family.query(fallback=False, **settings, **ASKED)
    return float(np.linalg.norm(found(x=x, t=t) - truth) / np.linalg.norm(truth)), found


def test_each_stage_is_better_than_the_one_before(family: Family) -> None:
    alone, stepped, finished = (error(family, **s) for s in ({"adapt_steps": 0}, {"adapt_steps": 2}, {}))
    assert stepped[0] < 0.5 * alone[0]
    assert finished[0] < 1e-6 < stepped[0]
    assert finished[1].status is Status.CONVERGED
    assert "one pass" in finished[1].reason
    assert 0.1 * finished[0] < finished[1].error_estimate < 1e-6


def test_plans_are_kept_with_the_family(family: Family, tmp_path: Path) -> None:
    again = Family.load(family.save(tmp_path / "modes.family"))
    assert isinstance(again.model.plans, Plans)
    assert again.model.plans.growth == family.model.plans.growth
    x, t = np.linspace(-1, 1, 9)[:, None], np.linspace(0, 0.5, 3)
    one, other = (f.query(fallback=False, **ASKED)(x=x, t=t) for f in (again, family))
    assert np.abs(one - other).max() < 1e-12


def test_what_is_good_enough_is_not_marched(family: Family) -> None:
    found = family.query(tolerance=0.5, fallback=False, **ASKED)
    assert found.converged
    assert "one pass" not in found.reason
