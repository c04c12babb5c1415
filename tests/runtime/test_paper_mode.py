"""Equations (4) to (6) of the paper, each against what it is defined as: sums, Monte Carlo, finite differences.

The program is linear: where one is not, the balance of rows and the points follow the kernels, and are held while a derivative is taken.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.bilevel import paper_loss
from pdelang.runtime.generator.decoder import repulsion
from pdelang.runtime.generator.encoder import divergence
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.generator.seam import QueryOptions
from pdelang.runtime.training import TrainOptions

PROGRAM = """
problem decay
t in [0, 1]
param rate in [0.5, 3]
u_t = -rate*u
u(0) = 1
"""
STEPS, RATE = 3, 1e-3


@pytest.fixture(scope="module")
def compiled() -> CompiledProblem:
    return compile_problem(pdelang.parse(PROGRAM))


@pytest.fixture(scope="module")
def training(compiled: CompiledProblem) -> KernelsTraining:
    own = {"inner_steps": STEPS, "inner_rate": RATE, "w_adapt": 2.0, "beta": 0.3, "repulsion": 0.7, "repulsion_scale": 0.4}
    return KernelsTraining.start(compiled, TrainOptions(generator="variational", objective="paper", kernels=4, batch=2, **own))


@pytest.fixture(scope="module")
def slots(training: KernelsTraining) -> jax.Array:
    return jnp.asarray(0.3 * np.random.default_rng(0).standard_normal((training.layout.kernels, training.layout.outputs)))


PARAMETERS = {"rate": np.array(1.3)}


def test_divergence_in_several_dimensions_by_monte_carlo() -> None:
    rng = np.random.default_rng(0)
    mean, log_deviation = rng.normal(size=5), rng.normal(size=5) / 2
    noise = rng.standard_normal((400_000, 5))
    z = mean + np.exp(log_deviation) * noise
    sampled = np.mean(np.sum(0.5 * z**2 - 0.5 * noise**2 - log_deviation, axis=1))  # log q - log p
    assert float(divergence(jnp.array(mean), jnp.array(log_deviation))) == pytest.approx(sampled, rel=1e-2)


def test_inner_loss_is_the_sum_of_squares_that_the_emitted_module_has(training: KernelsTraining, slots: jax.Array) -> None:
    key, theta = jax.random.key(3), training.layout.theta(slots)
    rows = training.instance.system(theta, key, PARAMETERS)
    other = rows.squared_norm(training.compiled, theta, rows.scales(theta["weights"]))
    assert float(training.instance.loss(slots, key, PARAMETERS)) == pytest.approx(float(other), rel=1e-10)


def test_inner_steps_descend_on_that_loss_alone(training: KernelsTraining, slots: jax.Array) -> None:
    """Eq. (5), with central differences in place of derivatives."""
    instance, keys = training.instance, list(jax.random.split(jax.random.key(4), 2))
    loss = jax.jit(lambda s, key: instance.loss(s, key, PARAMETERS))
    expected, h = np.array(slots), 1e-5
    for key in keys:
        slope = np.zeros_like(expected)
        for index in np.ndindex(*expected.shape):
            step = np.zeros_like(expected)
            step[index] = h
            slope[index] = (loss(expected + step, key) - loss(expected - step, key)) / (2 * h)
        expected = expected - RATE * slope
    found = jax.jit(lambda s: instance.descended(s, keys, PARAMETERS, RATE))(slots)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected - np.asarray(slots)).max())


def test_outer_gradient_goes_through_the_truncated_loop(training: KernelsTraining, slots: jax.Array) -> None:
    """Along random directions, against differences; a gradient that stops at theta* is another one."""
    instance, key = training.instance, jax.random.key(5)
    value = jax.jit(lambda s: paper_loss(instance, STEPS, RATE, 2.0)(s, key, PARAMETERS)[0])
    keys = list(jax.random.split(key, STEPS + 1))[:-1]
    adapted = jax.jit(lambda s: instance.descended(s, keys, PARAMETERS, RATE))(slots)
    assert float(value(slots)) == pytest.approx(2.0 * float(jnp.sum((adapted - slots) ** 2)), rel=1e-9)
    slope, stopped = np.asarray(jax.jit(jax.grad(value))(slots)), -4.0 * np.asarray(adapted - slots)
    for seed in range(3):
        d = np.random.default_rng(seed).standard_normal(slots.shape)
        h = 1e-5
        measured = (value(slots + h * d) - value(slots - h * d)) / (2 * h)
        assert float(np.sum(slope * d)) == pytest.approx(float(measured), rel=1e-5)
        assert abs(float(np.sum(stopped * d)) - float(measured)) > 1e-2 * abs(float(measured))


def test_outer_loss_is_the_sum_of_its_three_terms(training: KernelsTraining) -> None:
    key, c, params = training._drawn()
    total, figures = jax.jit(training._objective)(training.tree, key, c, params)
    network, expected, divergences = training.architecture, [], []
    for one, z, rate in zip(jax.random.split(key, len(c)), c, params["rate"]):
        drawn, noise = jax.random.split(one)
        mean, log_deviation = network.encoder(training.tree["encoder"], jnp.asarray(z))
        code = mean + jnp.exp(log_deviation) * jax.random.normal(noise, mean.shape)
        slots = network.decoder(training.tree["decoder"], jnp.asarray(z), code, jnp.asarray(training.layout.centres))
        keys = jax.random.split(drawn, STEPS + 1)[:-1]
        adapted = training.instance.descended(slots, keys, {"rate": rate}, RATE)
        centres = np.asarray(training.layout.theta(slots)["centres"])
        pairs = [1 / (1 + np.sum((a - b) ** 2) / 0.4**2) for i, a in enumerate(centres) for j, b in enumerate(centres) if i != j]
        assert float(repulsion(centres, 0.4)) == pytest.approx(np.mean(pairs), rel=1e-12)
        divergences.append(float(divergence(mean, log_deviation)))
        expected.append(2.0 * float(jnp.sum((adapted - slots) ** 2)) + 0.3 * divergences[-1] + 0.7 * np.mean(pairs))
    assert float(total) == pytest.approx(np.mean(expected), rel=1e-9)
    assert float(figures["kl"]) == pytest.approx(np.mean(divergences), rel=1e-9)
    assert {"nearest", "nearest_least", "scale_low", "scale_high", "outside"} <= set(figures)  # has it collapsed?


def test_inference_takes_gradient_steps_from_the_posterior_mean(training: KernelsTraining, compiled: CompiledProblem) -> None:
    model, parameters = training.generator(), compiled.parameters(rate=1.3)
    results = [model.answer(compiled, parameters, QueryOptions(adapt_steps=n)) for n in (0, 4)]
    assert [r.iterations for r in results] == [0, 4]
    slots, _ = model.architecture(model.tree, jnp.array([-0.36]), jnp.zeros(8), jnp.asarray(model.layout.centres))
    keys = jax.random.split(jax.random.key(17), 4)
    adapted: dict[str, Any] = model.layout.theta(model._instance.descended(slots, keys, PARAMETERS, RATE))
    for result, theta in zip(results, (model.layout.theta(slots), adapted)):
        assert result.representation is not None
        np.testing.assert_allclose(result.representation.theta["weights"], theta["weights"], atol=1e-9)  # type: ignore[attr-defined]
