"""Networks of coefficients: error against the truth at parameters that were not learned, files, training taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator.coefficients_training import CoefficientsTraining
from pdelang.runtime.training import build, train

MANY = """
problem many
x in [0, 1]
param a[3] in [-1, 1]
param k in [1, 2] = 1
u_xx - k*u = a[1]*sin(pi*x) + a[2]*sin(2*pi*x) + a[3]
u(0) = 0
u(1) = 0
"""
OPTIONS: dict[str, Any] = {"generator": "coefficients", "tolerance": 0.1, "kernels": 48, "steps": 1000, "batch": 64}


def test_held_out_error_is_what_the_family_says(tmp_path: Path) -> None:
    family = train(pdelang.parse(MANY), out=tmp_path / "many.family", **OPTIONS)
    errors: dict[int, list[float]] = {0: [], 2: []}
    for z in family.conditions.sample(12, np.random.default_rng(99)):
        values, x = family.conditions.values(z), np.linspace(0, 1, 41)
        solved = pdelang.solve(pdelang.parse(MANY), **values)(x=x)
        for steps, own in errors.items():
            learned = family.query(fallback=False, adapt_steps=steps, **values)(x=x)
            own.append(float(np.linalg.norm(learned - solved) / np.linalg.norm(solved)))
    for steps, name in ((0, "error"), (2, "refined")):
        estimate = family.record.figures[name]
        assert 0.1 * np.median(errors[steps]) < estimate < 10 * np.max(errors[steps]), name
    assert np.median(errors[0]) < 0.1
    assert np.median(errors[2]) < 1e-3, "the equation knows better than the network"
    data = family.sweep(k=[1.5, 1.6], grid=9, tolerance=1.0)
    alone = family.query(k=1.5, adapt_steps=0, fallback=False, tolerance=1.0)
    assert data.how == "2 as learned"
    assert data.residual.values[0] == alone.residual, "of what the sweep has, not of what a query makes of it"
    assert data.error_estimate.values == pytest.approx([family.model.estimate] * 2)
    again = Family.load(tmp_path / "many.family")
    assert np.array_equal(np.asarray(again.query(fallback=False, **values)(x=x)), np.asarray(family.query(fallback=False, **values)(x=x)))


def test_training_taken_up_again_ends_in_the_same_bits() -> None:
    """Stopped both between labels and between steps."""
    problem = pdelang.parse(MANY)
    whole = train(problem, **OPTIONS)
    options, compiled = build(None, OPTIONS), compile_problem(problem)
    own = CoefficientsTraining.start(compiled, options)
    for units in (2, 5):
        for _ in range(units):
            own.advance()
        own = CoefficientsTraining.resumed(compiled, options, *own.state())
    while not own.done:
        own.advance()
    assert all(np.array_equal(a, own.generator().arrays()[name]) for name, a in whole.model.arrays().items())


def test_a_checkpoint_between_labels_bounds_nothing() -> None:
    own = CoefficientsTraining.start(compile_problem(pdelang.parse(MANY)), build(None, OPTIONS))
    own.advance()
    family = Family(own.compiled, own.generator(), Record("coefficients", "", {"tolerance": 0.1}))
    assert not family.query(fallback=False, k=1.3).converged
