"""Generators of scattered kernels: symmetries, projection, queries against the truth, training taken up again, compilations."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.family import Family, Record
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import repulsion
from pdelang.runtime.generator.encoder import divergence
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.generator.networks import flattened
from pdelang.runtime.generator.projection import factored
from pdelang.runtime.generator.set_transformer import SetTransformer
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status
from pdelang.runtime.training import TrainOptions, train
from pdelang.runtime.validation import validate

CONVECTION = """
problem convection
x in [0, 2*pi] periodic
t in [0, 1]
param beta in [0.7, 4]
u_t + beta*u_x = 0
u(x, 0) = 1 + sin(x)
exact u = 1 + sin(x - beta*t)
"""
REACTION = """
problem reaction
t in [0, 1]
param rate in [0.5, 3] log
u_t = rate*u*(1 - u)
u(0) = 0.2
exact u = 1/(1 + 4*exp(-rate*t))
"""


@pytest.fixture(scope="module")
def convection() -> CompiledProblem:
    return compile_problem(pdelang.parse(CONVECTION))


@pytest.fixture(scope="module")
def family(convection: CompiledProblem) -> Family:
    return train(convection, generator="plain", kernels=49, steps=100)


@pytest.mark.parametrize("induced", [0, 3])
def test_set_transformer_commutes_with_permutations_of_its_slots(induced: int) -> None:
    network = SetTransformer(slots=6, outputs=5, conditions=2, latent=3, dimension=2, width=8, heads=2, induced=induced)
    rng = np.random.default_rng(0)
    tree, c, z, places = network.init(jax.random.key(0)), rng.normal(size=2), rng.normal(size=3), rng.uniform(-1, 1, (6, 2))
    order = rng.permutation(6)
    out = network(tree, jnp.array(c), jnp.array(z), jnp.array(places))
    permuted = network(tree | {"seeds": tree["seeds"][order]}, jnp.array(c), jnp.array(z), jnp.array(places[order]))
    np.testing.assert_allclose(permuted, out[order], rtol=1e-12, atol=1e-14)
    moved = network(tree, jnp.array(c + 0.1), jnp.array(z), jnp.array(places)) - out
    assert np.ptp(moved, axis=0).max() > 0.1 * np.abs(moved).max()  # not the same shift for every slot


def test_divergence_is_that_of_two_gaussians() -> None:
    """Against quadrature of q log(q/p) in one dimension."""
    mean, deviation = 0.7, 0.4
    x = np.linspace(-8, 8, 40001)
    q = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation
    p = np.exp(-0.5 * x**2)
    expected = np.sum(q * np.log(np.maximum(q, 1e-300) / p)) / np.sum(q)
    assert float(divergence(jnp.array([mean]), jnp.log(jnp.array([deviation])))) == pytest.approx(expected, rel=1e-9)


def test_repulsion_is_the_mean_over_pairs() -> None:
    centres = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    pairs = [1 / (1 + np.sum((centres[i] - centres[j]) ** 2) / 0.3**2) for i, j in product(range(5), repeat=2) if i != j]
    assert float(repulsion(centres, 0.3)) == pytest.approx(np.mean(pairs), rel=1e-12)


def test_kernels_sheared_round_the_period_several_times(convection: CompiledProblem) -> None:
    """The compiled basis is that of the solution's own evaluation, and periodic."""
    rng, parameters = np.random.default_rng(0), convection.parameters(beta=2.0)
    theta = {
        "weights": rng.normal(size=(1, 4)),
        "centres": rng.uniform(-1.5, 1.5, (4, 2)),
        "log_scales": np.log(rng.uniform(0.05, 0.2, (4, 2))) + np.array([0, 2]),
        "shears": rng.uniform(-6, 6, (4, 1)),
    }
    lower, upper = (np.asarray(b, dtype=float) for b in convection.bounds(parameters))
    points = lower + (upper - lower) * rng.uniform(size=(20, 2))
    points[1::2] = points[::2]
    points[::2, 0], points[1::2, 0] = lower[0], upper[0]
    orders = [(0, 0), (1, 0), (0, 2)]
    basis = np.asarray(jet_basis(convection, theta, jnp.asarray(points), parameters, orders))
    own = GaussianExpansion(**theta, lower=lower, upper=upper, periodic=(True, False)).jets(points, [(0, o) for o in orders])
    np.testing.assert_allclose(basis @ theta["weights"][0], own, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(basis[:, ::2], basis[:, 1::2], rtol=1e-8, atol=1e-10)


def test_projection_is_least_squares() -> None:
    rng = np.random.default_rng(0)
    matrix, right = rng.normal(size=(40, 7)) * 10.0 ** np.arange(-3, 4), rng.normal(size=40)
    found = factored(jnp.array(matrix), 1e-15)(jnp.array(right))
    np.testing.assert_allclose(found, np.linalg.lstsq(matrix, right, rcond=None)[0], rtol=1e-10)


def test_queries_have_the_accuracy_that_their_certificate_says(family: Family) -> None:
    for z in family.conditions.sample(4, np.random.default_rng(1)):
        solution = family.query(fallback=False, tolerance=1e-2, **family.conditions.values(z))
        assert solution.converged
        assert solution.method == "plain"
        assert solution.relative_l2["u"] < 1e-3
        assert solution.certificate is not None
        result = MethodResult(solution.representation, Status.CONVERGED, "", 1)
        whole = validate(family.compiled, solution.parameters, result, 1e-2)
        assert whole is not None
        assert solution.residual == pytest.approx(whole.residual, rel=0.5)


def test_training_lowers_the_error(convection: CompiledProblem, family: Family) -> None:
    untrained = train(convection, generator="plain", kernels=49, steps=1)
    errors = [f.query(fallback=False, beta=3.7).relative_l2["u"] for f in (untrained, family)]
    assert errors[1] < 0.2 * errors[0]


def test_a_nonlinear_family_is_projected_by_gauss_newton_steps() -> None:
    family = train(pdelang.parse(REACTION), generator="plain", kernels=12, steps=200)
    solution = family.query(fallback=False, rate=1.3)
    assert solution.iterations > 1
    assert solution.relative_l2["u"] < 1e-4


def taken_up(compiled: CompiledProblem, options: TrainOptions) -> tuple[KernelsTraining, KernelsTraining]:
    """A training, and one that was stopped half way and restored from its state."""
    whole = KernelsTraining.start(compiled, options)
    whole.advance()
    numbers, arrays = whole.state()
    arrays = {name: np.array(a) for name, a in arrays.items()}
    whole.advance()
    resumed = KernelsTraining.resumed(compiled, options, numbers, arrays)
    resumed.advance()
    return whole, resumed


@pytest.mark.parametrize(("generator", "objective"), [("plain", "projected"), ("variational", "projected"), ("variational", "paper")])
def test_training_taken_up_again_goes_on_to_the_same_bits(
    convection: CompiledProblem, generator: str, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pdelang.runtime.generator.kernels_training.CHUNK", 3)
    options = TrainOptions(generator=generator, objective=objective, kernels=9, steps=5, batch=1, inner_steps=2)
    whole, resumed = taken_up(convection, options)
    assert resumed.done
    one, other = flattened((whole.tree, whole.moments)), flattened((resumed.tree, resumed.moments))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_nothing_is_compiled_anew_for_another_step_or_parameter(family: Family, convection: CompiledProblem) -> None:
    family.query(fallback=False, beta=1.0)
    compiled: list[str] = []

    def note(event: str, *_: Any, **__: Any) -> None:
        compiled.append(event)

    training = KernelsTraining.start(convection, TrainOptions(generator="plain", kernels=16, steps=1000, batch=2))
    training.advance()
    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        for beta in (1.5, 2.5, 3.9, 4.2):
            family.query(fallback=False, beta=beta)
        training.advance()
        assert not [e for e in compiled if "backend_compile" in e]
        jax.jit(lambda x: x * 3.14159)(2.0)
        assert [e for e in compiled if "backend_compile" in e]  # the listener hears compilations
    finally:
        jax.monitoring.unregister_event_duration_listener(note)


def test_samples_of_the_posterior_give_a_spread(convection: CompiledProblem) -> None:
    model = KernelsTraining.start(convection, TrainOptions(generator="variational", kernels=9)).generator()
    family = Family(convection, model, Record("variational", "", {"tolerance": 1e-2}))
    solution = family.query(fallback=False, samples=3, beta=2.0)
    assert len(solution.samples) == 3
    data = solution.to_xarray({"x": 9, "t": 5})
    each = np.stack([s.grid_jets([data.x.values, data.t.values], [(0, (0, 0))])[0] for s in solution.samples])
    np.testing.assert_allclose(data["u"], each.mean(0), atol=1e-9 * np.abs(each).max())
    np.testing.assert_allclose(data["u_spread"], each.std(0), atol=1e-12)


def test_file_gives_back_the_same_generator(family: Family, tmp_path: Any) -> None:
    again = Family.load(family.save(tmp_path / "a.family"))
    one, other = (f.query(fallback=False, beta=2.2)(x=1.0, t=0.5) for f in (family, again))
    assert np.array_equal(one, other)
    assert again.record == replace(family.record)
    assert Conditions.of(again.compiled.problem).names == ("beta",)
