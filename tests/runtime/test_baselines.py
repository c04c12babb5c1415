"""Networks behind the ansatz seam: derivatives, sizes, periodicity, training on the compiled equations, files."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.baselines import NETWORKS, network_class
from pdelang.runtime.baselines.seam import Box, count

BOX = Box((0.0, -1.0, 0.0), (2.0, 1.0, 0.5), (True, False, False), 2)
INDICES = ((0, (0, 0, 0)), (1, (2, 0, 0)), (0, (1, 1, 0)), (1, (0, 0, 2)), (0, (0, 1, 1)), (1, (0, 3, 0)), (0, (0, 0, 1)))

DECAY = """
problem decay
x in [0, 1]
t in [0, 1]
u_t = 0.1*u_xx
u(x, 0) = sin(pi*x)
u(0, t) = 0
u(1, t) = 0
exact u = exp(-0.1*pi^2*t)*sin(pi*x)
"""


def scalar_derivative(network, theta, field, orders):  # type: ignore[no-untyped-def]
    """By nested reverse mode at one point: nothing in common with the code under test."""
    function = lambda p: network.values(theta, p[None])[field, 0]
    for axis, order in enumerate(orders):
        for _ in range(order):
            function = lambda p, inner=function, axis=axis: jax.grad(inner)(p)[axis]
    return function


@pytest.mark.parametrize("name", NETWORKS)
def test_jets_are_derivatives_in_physical_coordinates(name: str) -> None:
    network = network_class(name).sized(BOX, 300)
    theta = network.init(jax.random.key(1))
    points = jnp.asarray(np.random.default_rng(0).uniform(BOX.lower, BOX.upper, (3, 3)))
    jets = network.jets(theta, points, INDICES)
    for row, (field, orders) in zip(jets, INDICES):
        truth = jax.vmap(scalar_derivative(network, theta, field, orders))(points)
        assert np.allclose(row, truth, rtol=1e-9, atol=1e-9 * max(1.0, float(jnp.abs(truth).max())))


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_of_parameters_match_within_five_percent(name: str) -> None:
    box = Box((-1.0, 0.0), (1.0, 1.0), (False, False), 1)
    counts = [count(network_class(name).sized(box, wanted).init(jax.random.key(0))) for wanted in (200, 500, 1000, 8000)]
    assert counts == pytest.approx([200, 500, 1000, 8000], rel=0.05)


@pytest.mark.parametrize("name", NETWORKS)
def test_periodic_coordinates_close_exactly_with_all_derivatives(name: str) -> None:
    network = network_class(name).sized(BOX, 300)
    theta = network.init(jax.random.key(2))
    ends = jnp.array([[0.0, 0.3, 0.2], [2.0, 0.3, 0.2]])
    jets = network.jets(theta, ends, INDICES)
    assert np.allclose(jets[:, 0], jets[:, 1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["mlp", "spinn"])
def test_training_lowers_the_error_and_the_file_gives_it_back(name: str, tmp_path: Path) -> None:
    settings = {"ansatz": name, "unknowns": 200, "collocation": 128, "learning_rate": 1e-2, "time_limit": 600}
    short, long = (pdelang.solve(pdelang.parse(DECAY), steps=steps, **settings) for steps in (1, 400))
    assert long.relative_l2["u"] < 0.25 * short.relative_l2["u"]
    assert not long.converged
    assert "option steps" in long.message
    assert long.method == name
    again = pdelang.Solution.load(long.save(tmp_path / "u.nc"))
    assert np.array_equal(again(x=0.3, t=[0.1, 0.9]), long(x=0.3, t=[0.1, 0.9]))


def test_wrong_names_are_refused() -> None:
    problem = pdelang.parse(DECAY)
    with pytest.raises(UsageError, match="no ansatz 'mpl'"):
        pdelang.solve(problem, ansatz="mpl")
    with pytest.raises(UsageError, match="trained by first_order"):
        pdelang.solve(problem, ansatz="mlp", method="product")


LOGARITHM = """
problem logarithm
x in [0, 1]
u_x = log(u)
u(0) = 2
"""


def test_what_is_not_finite_at_the_start_is_not_blamed_on_the_rate() -> None:
    few = {"ansatz": "mlp", "unknowns": 30, "collocation": 16, "steps": 20}
    undefined = pdelang.solve(pdelang.parse(LOGARITHM), **few)
    assert undefined.status.name == "NON_FINITE"
    assert "log" in undefined.message
    assert "u = exp(v)" in undefined.message
    assert "learning_rate" not in undefined.message
    substituted = pdelang.parse("problem p; x in [0, 1]; v_x = v*exp(-v); v(0) = log(2)")
    wild = pdelang.solve(substituted, **few, optimizer="sgd", learning_rate=1e6)
    assert wild.status.name == "NON_FINITE"
    assert "a smaller learning_rate may help" in wild.message


def test_lines_of_a_lattice_have_their_derivatives_in_closed_form() -> None:
    """Narrow lines, felt from the nearest image alone, and wide ones; against automatic differentiation of a sum over images."""
    from pdelang.runtime.baselines.lattice import factors

    z, centres = jnp.linspace(-0.97, 0.98, 7), jnp.array([-0.9, 0.1, 0.85])

    def plain(lines: jax.Array, at: jax.Array) -> jax.Array:
        y = (at - lines[0] - jnp.array([-4.0, -2.0, 0.0, 2.0, 4.0])[:, None]) * jnp.exp(-lines[1])
        return jnp.exp(-0.5 * y * y).sum(axis=0)

    def second(lines: jax.Array) -> jax.Array:
        slope = lambda p: jax.jvp(lambda q: jax.jvp(lambda r: plain(lines, r), (q,), (3.0,))[1], (p,), (3.0,))[1]
        return jax.vmap(slope)(z)

    weights = jnp.asarray(np.random.default_rng(0).normal(size=(7, 3)))
    for scale in (0.1, 0.2):
        lines = jnp.stack([centres, jnp.full(3, jnp.log(scale))])
        ours = lambda lines: factors(2, 3.0, True, z, lines[0], lines[1])[2]
        assert np.allclose(ours(lines), second(lines), rtol=1e-9, atol=1e-9)
        gradients = [jax.grad(lambda lines, f=f: jnp.vdot(weights, f(lines)))(lines) for f in (ours, second)]
        assert np.allclose(*gradients, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["spinn", "separable", "lattice"])
def test_jets_on_a_tensor_grid_are_those_at_its_points(name: str) -> None:
    network = network_class(name).sized(BOX, 300)
    random = np.random.default_rng(4)
    theta = jax.tree.map(lambda leaf: leaf + 0.1 * random.normal(size=leaf.shape), network.init(jax.random.key(3)))
    axes = [jnp.linspace(a, b, n) for a, b, n in zip(BOX.lower, BOX.upper, (4, 3, 5))]
    points = jnp.stack([g.ravel() for g in jnp.meshgrid(*axes, indexing="ij")], axis=1)
    assert np.allclose(network.grid_jets(theta, axes, INDICES), network.jets(theta, points, INDICES), rtol=1e-11, atol=1e-11)
