"""Families: the condition vector, the common layout, queries against the truth, files, training taken up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.family import Family
from pdelang.runtime.family_storage import is_family, save
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.training import build, train

HEAT = """
problem heat
x in [0, pi]
t in [0, 1]
param alpha in [0.2, 1] log = 0.5
param A in [0.5, 2] = 1
u_t = alpha*u_xx
u(x, 0) = A*sin(x) + sin(3*x)
u(0, t) = 0
u(pi, t) = 0
exact u = A*exp(-alpha*t)*sin(x) + exp(-9*alpha*t)*sin(3*x)
"""

MANY = """
problem many
x in [0, 1]
param nu in [0.01, 1] log
param s ~ normal(2, 0.5)
param a[3] in [-1, 3]
param fixed in [2, 2]
u_x = nu*s*a[1] + a[2]*a[3] + fixed
u(0) = 0
"""


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    path = tmp_path_factory.mktemp("family") / "heat.family"
    return train(pdelang.parse(HEAT), out=path, tolerance=1e-5)


def test_condition_vector_goes_there_and_back() -> None:
    conditions = Conditions.of(pdelang.parse(MANY))
    assert conditions.names == ("nu", "s", "a[1]", "a[2]", "a[3]")
    z = conditions.sample(200, np.random.default_rng(0))
    values = conditions.values(z)
    assert values["a"].shape == (200, 3)
    assert np.abs(z[:, [0, 2, 3, 4]]).max() <= 1
    assert 0.01 <= values["nu"].min() < 0.02 < 0.5 < values["nu"].max() <= 1
    assert values["s"].std() == pytest.approx(0.5, rel=0.2)
    one = {name: value[7] for name, value in values.items()}
    assert np.allclose(conditions.unit(one), z[7], atol=1e-13)


def test_queries_have_the_accuracy_that_was_asked_for(family: Family) -> None:
    for z in family.conditions.sample(5, np.random.default_rng(3)):
        solution = family.query(fallback=False, **family.conditions.values(z))
        assert solution.method == "spectral"
        assert solution.relative_l2["u"] < 1e-5
        assert solution.error_estimate is not None
        assert solution.error_estimate < 1e-4


def test_a_query_outside_is_solved_directly_and_says_so(family: Family) -> None:
    solution = family.query(alpha=1.1)
    assert solution.method == "product"
    assert solution.converged
    assert "outside" in solution.reason
    assert solution.relative_l2["u"] < 1e-5
    with pytest.raises(UsageError, match="outside its range"):
        family.query(alpha=3.0)


def test_a_tolerance_beyond_what_was_learned_is_met_by_a_direct_solve(family: Family) -> None:
    solution = family.query(alpha=0.37, tolerance=1e-9)
    assert solution.converged
    assert solution.relative_l2["u"] < 1e-8
    assert "misses the tolerance" in solution.reason


def test_file_gives_back_the_same_family(family: Family, tmp_path: Path) -> None:
    path = family.save(tmp_path / "a.family")
    assert is_family(path)
    again = Family.load(path)
    one, other = family.query(alpha=0.3, A=0.7), again.query(alpha=0.3, A=0.7)
    assert np.array_equal(one(x=1.0, t=0.5), other(x=1.0, t=0.5))
    assert again.record == replace(family.record)


def test_training_taken_up_again_ends_in_the_same_bits(tmp_path: Path) -> None:
    problem = pdelang.parse(HEAT)
    whole = train(problem, steps=5, tolerance=1e-9)
    path = tmp_path / "part.family"
    train(problem, out=path, steps=3, tolerance=1e-9)
    resumed = train(problem, out=path, resume=True, steps=5, tolerance=1e-9)
    assert resumed.record.steps == whole.record.steps
    assert all(np.array_equal(a, resumed.model.arrays()[name]) for name, a in whole.model.arrays().items())


def test_wrong_files_are_refused_in_one_sentence(family: Family, tmp_path: Path) -> None:
    path = save(family, tmp_path / "a.family")
    (tmp_path / "cut.family").write_bytes(path.read_bytes()[:2000])
    (tmp_path / "text.family").write_text("not a family")
    for name in ("cut", "text", "absent"):
        with pytest.raises(UsageError, match=name):
            Family.load(tmp_path / f"{name}.family")
    with pytest.raises(UsageError, match="without what is needed"):
        train(pdelang.parse(HEAT), out=path, resume=True, tolerance=1e-5)


def test_options_are_checked() -> None:
    assert build(None, {"steps": 10}).steps == 10
    for wrong in ({"steps": 0}, {"objective": "best"}, {"generator": "magic"}, {"stepz": 3}, {"tolerance": "small"}):
        with pytest.raises(UsageError):
            build(None, wrong)
    with pytest.raises(UsageError, match="no parameters"):
        train(pdelang.parse("problem p\nx in [0, 1]\nu_x = 1\nu(0) = 0\n"))
