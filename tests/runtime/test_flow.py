"""Flow matching: transport of a normal distribution to a known one; the generator that it makes, taken up again and asked."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.family import Family
from pdelang.runtime.generator import flow_training
from pdelang.runtime.generator.flow import Velocity
from pdelang.runtime.generator.flow_training import FlowTraining
from pdelang.runtime.generator.networks import flattened
from pdelang.runtime.training import TrainOptions, train

LAYER = """
problem layer
x in [0, 1]
param eps in [0.1, 0.5] log
eps*u_xx - u_x = -1
u(0) = 0
u(1) = 0
exact u = x - (exp((x - 1)/eps) - exp(-1/eps))/(1 - exp(-1/eps))
"""
SHORT = {"CODES": 32, "FLOW_STEPS": 400, "FLOW_STEPS_A_UNIT": 200, "DESCENT": 4}


@pytest.fixture(scope="module")
def layer() -> CompiledProblem:
    return compile_problem(pdelang.parse(LAYER))


@pytest.fixture(scope="module")
def family(layer: CompiledProblem) -> Family:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SHORT.items():
            patch.setattr(flow_training, name, value)
        return train(layer, generator="flow", kernels=12, steps=100)


def test_two_modes_that_depend_on_the_condition_are_transported() -> None:
    """y(1) = +-(1 + c/2) + 0.2 noise, each with probability 1/2: means, widths and shares of the modes."""
    velocity, adam = Velocity(1, 1, hidden=48), optax.adam(optax.cosine_decay_schedule(5e-3, 1000))
    tree = velocity.init(jax.random.key(0))

    def loss(tree: Any, key: Any) -> jax.Array:
        keys = jax.random.split(key, 5)
        c = jax.random.uniform(keys[0], (256, 1), minval=-1.0)
        sign = jnp.sign(jax.random.normal(keys[1], (256, 1)))
        ends = sign * (1 + c / 2) + 0.2 * jax.random.normal(keys[2], (256, 1))
        s, starts = jax.random.uniform(keys[3], (256,)), jax.random.normal(keys[4], (256, 1))
        return jnp.mean(jax.vmap(velocity.loss, in_axes=(None, 0, 0, 0, 0))(tree, s, starts, ends, c))

    def step(carry: Any, key: Any) -> Any:
        change, moments = adam.update(jax.grad(loss)(carry[0], key), carry[1], carry[0])
        return (optax.apply_updates(carry[0], change), moments), None

    (tree, _), _ = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys))(
        (tree, adam.init(tree)), jax.random.split(jax.random.key(1), 1000)
    )
    starts = jax.random.normal(jax.random.key(2), (2000, 1))
    for c in (-0.8, 0.0, 0.8):
        found = np.asarray(jax.vmap(lambda y, c=c: velocity.transported(tree, y, jnp.array([c])))(starts))[:, 0]
        assert np.mean(found > 0) == pytest.approx(0.5, abs=0.07)
        assert np.mean(np.abs(found)) == pytest.approx(1 + c / 2, abs=0.12)
        assert np.std(np.abs(found)) == pytest.approx(0.2, abs=0.12)


def test_answers_and_their_spread(family: Family) -> None:
    for eps in (0.12, 0.3):
        solution = family.query(fallback=False, tolerance=1e-2, eps=eps, samples=4)
        assert solution.converged
        assert solution.method == "flow"
        assert solution.relative_l2["u"] < 1e-3
        assert 0 < solution.spread["u"] < 1e-2
        data = solution.to_xarray(257)
        expected = float(np.sqrt((data["u_spread"] ** 2).mean() / (data["u"] ** 2).mean()))
        assert solution.spread["u"] == pytest.approx(expected, rel=0.1)


def test_training_taken_up_again_in_each_stage_goes_on_to_the_same_bits(layer: CompiledProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six units: two of the decoder, two of codes, two of the regression."""
    monkeypatch.setattr("pdelang.runtime.generator.kernels_training.CHUNK", 3)
    for name, value in SHORT.items():
        monkeypatch.setattr(flow_training, name, value)
    options = TrainOptions(generator="flow", kernels=9, steps=5, batch=1)
    whole, states = FlowTraining.start(layer, options), []
    while not whole.done:
        whole.advance()
        numbers, arrays = whole.state()
        states.append((numbers, {name: np.array(a) for name, a in arrays.items()}))
    assert len(states) == 6
    expected = flattened((whole.tree, whole.moments, whole.teacher.tree)) | {"codes": whole.codes}
    for numbers, arrays in states[::2]:
        again = FlowTraining.resumed(layer, options, numbers, arrays)
        again.__dict__ |= {name: whole.__dict__[name] for name in ("_descended", "_matched")}  # compiled once for all
        again.teacher.__dict__["_update"] = whole.teacher._update
        while not again.done:
            again.advance()
        found = flattened((again.tree, again.moments, again.teacher.tree)) | {"codes": again.codes}
        assert all(np.array_equal(expected[name], found[name]) for name in expected)


def test_file_gives_back_the_same_flow(family: Family, tmp_path: Any) -> None:
    again = Family.load(family.save(tmp_path / "a.family"))
    one, other = (f.query(fallback=False, eps=0.2, samples=2, seed=3)(x=0.5) for f in (family, again))
    assert one == other
