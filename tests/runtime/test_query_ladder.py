"""Queries of generated kernels: the cheapest answer that meets the tolerance, its error estimate, kernels added where it is worst."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator import flow_training, training_class
from pdelang.runtime.generator.seam import QueryOptions
from pdelang.runtime.solution import Solution
from pdelang.runtime.training import TrainOptions

LAYER = """
problem layer
x in [0, 1]
param eps in [0.02, 0.5] log
eps*u_xx - u_x = -1
u(0) = 0
u(1) = 0
exact u = x - (exp((x - 1)/eps) - exp(-1/eps))/(1 - exp(-1/eps))
"""
LOGISTIC = """
problem logistic
t in [0, 1]
param rate in [0.5, 3]
u_t = rate*u*(1 - u)
u(0) = 0.2
exact u = 1/(1 + 4*exp(-rate*t))
"""


@pytest.fixture(scope="module")
def layer() -> CompiledProblem:
    return compile_problem(pdelang.parse(LAYER))


def untrained(compiled: CompiledProblem, generator: str, kernels: int, **options: Any) -> Family:
    """The standard layout, and what a network of random numbers makes of it."""
    training = training_class(generator).start(compiled, TrainOptions(generator=generator, kernels=kernels, **options))
    return Family(compiled, training.generator(), Record(generator, "", {"tolerance": 1e-4}))


@pytest.fixture(scope="module")
def family(layer: CompiledProblem) -> Family:
    return untrained(layer, "plain", 16)


def test_the_cheapest_answer_that_meets_the_tolerance_is_taken_and_named(family: Family) -> None:
    projected = family.query(fallback=False, tolerance=1.0, eps=0.1)
    assert projected.reason == "16 kernels, generated and projected"
    refined = family.query(fallback=False, tolerance=1e-3, eps=0.1, refine=4)
    assert refined.kernels == 20
    between = 1.01 * max(refined.residual, refined.error_estimate or 0.0)
    assert between < max(projected.residual, projected.error_estimate or 0.0)
    climbed = family.query(tolerance=between, eps=0.1)
    assert (climbed.converged, climbed.method, climbed.kernels) == (True, "plain", 20)
    assert "then 4 more where it is worst (cheaper answers miss it: generated and projected: residual" in climbed.reason
    solved = family.query(tolerance=1e-9, eps=0.1)
    assert (solved.converged, solved.method) == (True, "product")
    assert "misses the tolerance (generated and projected: residual" in solved.reason
    assert "more" not in solved.reason.partition("solved directly")[0]  # hopeless: not even tried
    assert solved.to_json()["method"] == "product"


def test_what_is_tried(family: Family) -> None:
    efforts = [str(e) for e in family.model._efforts(0.1)]  # type: ignore[attr-defined]
    assert efforts == ["generated and projected"]  # of a linear problem no weights are learned
    logistic = compile_problem(pdelang.parse(LOGISTIC))
    for options, tried in (
        ({}, ["as generated", "generated and projected"]),
        ({"objective": "paper"}, ["as generated", "generated and adapted by 5 gradient steps", "generated and projected"]),
    ):
        model: Any = untrained(logistic, "variational", 6, **options).model
        assert [str(e) for e in model._efforts(0.1)] == tried
        assert [str(e) for e in model._efforts(1e-4)] == tried[1:]


def error(solution: Solution) -> float:
    return solution.relative_l2["u"]


def test_errors_are_within_ten_times_their_estimate(family: Family) -> None:
    nonlinear = untrained(compile_problem(pdelang.parse(LOGISTIC)), "plain", 5)
    answers = [family.query(fallback=False, tolerance=1.0, adapt_steps=1, eps=eps) for eps in (0.03, 0.08, 0.2, 0.5)]
    answers += [nonlinear.query(fallback=False, tolerance=1.0, adapt_steps=5, rate=rate) for rate in (0.6, 1.5, 2.9)]
    for answer in answers:
        assert answer.error_estimate is not None
        assert 0.1 * error(answer) < answer.error_estimate < 10 * error(answer)


def test_kernels_where_residual_and_spread_are_large_beat_evenly_placed_ones(layer: CompiledProblem) -> None:
    """Geometric mean over conditions; twelve kernels do not hold the layer."""
    family = untrained(layer, "variational", 12)
    found: dict[str, list[float]] = {"even": [], "spread": []}
    for z in np.linspace(-1, 1, 5):
        parameters = layer.parameters(**{n: float(v) for n, v in family.conditions.values(np.array([z])).items()})
        for by, errors in found.items():
            result = family.model.answer(layer, parameters, QueryOptions(refine=6, refine_by=by))
            errors.append(error(family._judged(parameters, result, 1.0, 0, 0.0)))
    means = {by: float(np.exp(np.mean(np.log(errors)))) for by, errors in found.items()}
    assert means["spread"] < 0.5 * means["even"]


@contextmanager
def compilations() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(event: str, *_: Any, **__: Any) -> None:
        if "backend_compile" in event:
            seen.append(event)

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        yield seen
    finally:
        jax.monitoring.unregister_event_duration_listener(note)


@pytest.mark.parametrize(("generator", "objective"), [("variational", "projected"), ("variational", "paper"), ("flow", "projected")])
def test_nothing_is_compiled_anew_for_another_parameter(
    layer: CompiledProblem, generator: str, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In queries that climb to the top, and in two units of each stage of a training."""
    monkeypatch.setattr("pdelang.runtime.generator.kernels_training.CHUNK", 1)
    for name, value in {"CODES": 48, "FLOW_STEPS": 60, "FLOW_STEPS_A_UNIT": 20, "DESCENT": 2}.items():
        monkeypatch.setattr(flow_training, name, value)
    options = TrainOptions(generator=generator, objective=objective, kernels=6, steps=3, batch=2, inner_steps=1)
    training: Any = training_class(generator).start(layer, options)
    stages = 3 if generator == "flow" else 1
    for _ in range(stages):
        training.advance()
        with compilations() as seen:
            training.advance()
            training.advance()
        assert not seen
    assert training.done
    family = Family(layer, training.generator(), Record(generator, "", {"tolerance": 1e-4}))
    family.query(fallback=False, tolerance=0.5, eps=0.1, refine=2)
    family.query(fallback=False, tolerance=0.5, eps=0.1)
    with compilations() as seen:
        for eps in (0.02, 0.3, 0.5):
            family.query(fallback=False, tolerance=0.5, eps=eps, refine=2)
            family.query(fallback=False, tolerance=0.5, eps=eps)
    assert not seen
    with compilations() as seen:
        jax.jit(lambda x: x * 3.14159)(2.0)
    assert seen  # the listener hears compilations
