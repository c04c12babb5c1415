"""How many kernels a training takes where nobody says so, where they stand at first, and how many Gauss-Newton steps a query takes."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.generator import kernels_training
from pdelang.runtime.generator.kernels import Kernels
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.generator.projection import Projection
from pdelang.runtime.generator.reach import INSIDE, counts, held_out
from pdelang.runtime.generator.standard import shared
from pdelang.runtime.training import TrainOptions, train

LAYER = """
problem layer
x in [0, 1]
param eps in [0.05, 0.5] log
eps*u_xx - u_x = -1
u(0) = 0
u(1) = 0
exact u = x - (exp((x - 1)/eps) - exp(-1/eps))/(1 - exp(-1/eps))
"""


def test_numbers_of_kernels_grow_to_a_bound() -> None:
    assert list(counts(64, 300)) == [102, 163, 261, 300]
    assert list(counts(300, 300)) == []


def test_kernels_are_shared_out_by_local_lengths() -> None:
    """Burgers, nu = 0.01: 28 local lengths in x, 7 in t."""
    assert shared(144, (28.0, 7.0)) == [24, 6]
    assert shared(100, (50.0, 0.5)) == [100, 3]  # a few along every coordinate


def test_corners_of_the_box_are_held_out() -> None:
    compiled = compile_problem(pdelang.parse(LAYER.replace("u(0) = 0", "param a in [0, 1]\nu(0) = a").partition("exact")[0]))
    z = held_out(compiled)
    for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        assert np.any(np.all(np.isclose(z, INSIDE * np.array(corner)), axis=1))
    assert np.all(np.abs(z) <= 1)


def test_kernels_that_learning_does_not_make_do_are_replaced_by_more(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_problem(pdelang.parse(LAYER))
    for name, value in {"CHUNK": 2, "PILOT": 2, "HOPE": dict.fromkeys((True, False), 1e-2), "KERNELS": {1: 6}}.items():
        monkeypatch.setattr(kernels_training, name, value)
    family = train(compiled, generator="plain", steps=4, tolerance=1e-2)
    assert isinstance(family.model, Kernels)
    assert family.model.layout.kernels > 6
    assert family.model.directions is not None  # that is all that is learned
    assert not family.record.message
    for eps in (0.051, 0.1, 0.4):
        assert family.query(fallback=False, eps=eps).relative_l2["u"] < 1e-2
    asked = train(compiled, generator="plain", steps=4, tolerance=1e-2, kernels=6)
    assert isinstance(asked.model, Kernels)
    assert asked.model.layout.kernels == 6
    assert asked.record.figures["step"] == 4


def test_what_was_decided_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, options = compile_problem(pdelang.parse(LAYER)), TrainOptions(generator="plain", steps=4, tolerance=1e-2)
    for name, value in {
        "CHUNK": 2,
        "PILOT": 2,
        "HOPE": dict.fromkeys((True, False), 1e-2),
        "KERNELS": {1: 6},
        "STANDING": {True: 8},
    }.items():
        monkeypatch.setattr(kernels_training, name, value)
    training = KernelsTraining.start(compiled, options)
    assert not KernelsTraining.resumed(compiled, options, *training.state()).settled
    training.advance()
    again = KernelsTraining.resumed(compiled, options, *training.state())
    assert (again.settled, again.step, again.layout.kernels) == (True, 0, 8)
    assert again.standing is not None
    assert again.alone is not None
    assert again.alone == training.alone
    assert again.alone > 1e-3
    assert "8 kernels miss the hardest" in again.message


def test_gauss_newton_steps_end_where_they_change_nothing() -> None:
    """exp(w) = b in the least-squares sense: as many factorisations as it takes, and the same answer."""
    rng = np.random.default_rng(0)
    rows, right = jnp.asarray(rng.normal(size=(12, 3))), jnp.asarray(rng.uniform(0.5, 2.0, 12))

    def linearise(w: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
        values = jnp.exp(rows @ w[0])
        return values - right, values[:, None] * rows

    start = jnp.zeros((1, 3))
    all_steps = Projection(40, 1e-13)(linearise, start)
    np.testing.assert_allclose(Projection(40, 1e-13, 2, 1e-9)(linearise, start), all_steps, atol=1e-4)
    one = Projection(1, 1e-13, 2)(linearise, start)
    np.testing.assert_allclose(Projection(40, 1e-13, 2, 0.999)(linearise, start), one, atol=1e-10)
