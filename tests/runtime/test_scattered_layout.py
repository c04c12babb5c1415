"""Kernel layouts: ghosts, overlap, wrapped axes, tables of the basis, and grading by a solution."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pdelang.runtime.gaussians import jet_basis
from pdelang.runtime.layout.grading import grade
from pdelang.runtime.layout.scattered import Layout, grid_layout
from pdelang.runtime.solve.refine import grown, sizes_for, tails


def fitted(layout: Layout, f: object) -> np.ndarray:
    """Weights of the least-squares fit to f at the layout's own nodes."""
    z, _ = layout.nodes(range(len(layout.axes)))
    basis = layout.basis(z, [(0,) * len(layout.axes)])[0]
    return np.linalg.lstsq(basis, f(z), rcond=1e-14)[0]  # type: ignore[operator]


def worst(layout: Layout, f: object) -> float:
    expansion = layout.expansion(fitted(layout, f)[None], -np.ones(len(layout.axes)), np.ones(len(layout.axes)))
    z = np.stack([m.ravel() for m in np.meshgrid(*[np.linspace(-1, 1, 301)] * len(layout.axes), indexing="ij")], axis=1)
    return float(np.abs(expansion.jets(z, [(0, (0,) * len(layout.axes))])[0] - f(z)).max())  # type: ignore[operator]


def test_the_table_is_the_kernels_jets() -> None:
    layout = grid_layout((6, 15), (False, True))
    z = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    orders = list(product(range(3), repeat=2))
    e = layout.expansion(np.zeros((1, layout.kernels)), -np.ones(2), np.ones(2))
    expected = jet_basis(e.centres, np.exp(e.log_scales), e.shears, layout.periodic, z, orders)
    np.testing.assert_allclose(layout.basis(z, orders), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


def test_quadrature_weights_integrate_polynomials() -> None:
    z, weights = grid_layout((8, 8), (False, False)).nodes((0, 1))
    np.testing.assert_allclose(weights @ (z[:, 0] ** 4 * z[:, 1] ** 2), 1 / 15, rtol=1e-12)


@pytest.mark.parametrize(("periodic", "bound"), [(False, 1e-9), (True, 1e-11)])
def test_a_smooth_function_is_met_to_many_digits(periodic: bool, bound: float) -> None:
    assert worst(grid_layout((24,), (periodic,)), lambda z: np.exp(np.sin(np.pi * z[:, 0]))) < bound


def test_ghosts_are_worth_digits() -> None:
    f = lambda z: np.exp(z[:, 0]) * np.cos(3 * z[:, 0])
    assert worst(grid_layout((16,), (False,), ghosts=6), f) < 1e-3 * worst(grid_layout((16,), (False,), ghosts=0), f)


@pytest.mark.parametrize("periodic", [False, True])
def test_grading_follows_a_front(periodic: bool) -> None:
    f = lambda z: np.tanh(60 * np.sin(np.pi * z[:, 0])) if periodic else np.tanh(80 * z[:, 0])
    coarse = grid_layout((100,), (periodic,))
    expansion = coarse.expansion(fitted(coarse, f)[None], -np.ones(1), np.ones(1))
    (mapping,) = grade(expansion, -np.ones(1), np.ones(1), (periodic,), (0,))
    assert mapping is not None
    places, slopes = mapping(np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_allclose(places[[0, 2]], [-1, 1], atol=1e-9)
    assert slopes[1] < 0.5
    assert worst(grid_layout((100,), (periodic,), mappings=(mapping,)), f) < 0.1 * worst(coarse, f)


def test_a_smooth_solution_is_not_graded() -> None:
    layout = grid_layout((24,), (False,))
    expansion = layout.expansion(fitted(layout, lambda z: np.sin(3 * z[:, 0]))[None], -np.ones(1), np.ones(1))
    assert grade(expansion, -np.ones(1), np.ones(1), (False,), (0,)) == (None,)


def test_the_longest_tail_is_refined() -> None:
    layout = grid_layout((12, 12), (False, False))
    z, _ = layout.nodes((0, 1))
    tail = tails(layout, (np.sin(2 * z[:, 0]) * np.sin(12 * z[:, 1]))[None])
    assert tail[1] > 1e3 * tail[0]
    assert grown((12, 12), tail)[0] == 12
    assert grown((12, 12), tail)[1] > 15


def test_sizes_for_a_number_of_kernels() -> None:
    for wanted in (300, 700):
        sizes = sizes_for(wanted, (False, True), 6)
        assert 0.8 * wanted < grid_layout(sizes, (False, True), ghosts=6).kernels < 1.25 * wanted
