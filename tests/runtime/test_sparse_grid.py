"""Interpolation on sparse grids of Leja points: exactness, nesting, surpluses, moments."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.runtime.generator import sparse_grid as grid


def test_points_are_symmetric_distinct_and_inside() -> None:
    x = grid.leja()
    assert np.array_equal(x[1::2], -x[2::2])
    assert len(np.unique(np.round(x, 9))) == grid.MOST
    assert np.abs(x).max() == 1.0


def test_lebesgue_constant_grows_slowly() -> None:
    z = np.linspace(-1, 1, 4001)
    for count in (9, 33, 65):
        x = grid.leja()[:count]
        cardinal = np.array([np.prod([(z - x[m]) / (x[n] - x[m]) for m in range(count) if m != n], axis=0) for n in range(count)])
        assert np.abs(cardinal).sum(axis=0).max() < 2 * count


def levels_up_to(total: int, dimensions: int) -> list[grid.Level]:
    found = [level for level in np.ndindex(*(total + 1,) * dimensions) if sum(level) <= total]
    return sorted(found, key=sum)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_polynomials_of_the_grid_are_interpolated_exactly(dimensions: int) -> None:
    nodes = [n for level in levels_up_to(3, dimensions) for n in grid.new_nodes(level)]
    rng = np.random.default_rng(0)

    def polynomial(z: np.ndarray) -> np.ndarray:
        return 1 + z[:, 0] ** 3 - 2 * z[:, -1] ** 2 + z.prod(axis=1)

    s = grid.surpluses(polynomial(grid.places(nodes))[:, None], nodes)
    z = rng.uniform(-1, 1, (50, dimensions))
    assert np.allclose(grid.products(z, nodes) @ s[:, 0], polynomial(z), atol=1e-12)


def test_interpolation_converges_geometrically_for_an_analytic_function() -> None:
    z = np.linspace(-1, 1, 501)[:, None]
    errors = []
    for total in (4, 8, 12):
        nodes = [n for level in levels_up_to(total, 1) for n in grid.new_nodes(level)]
        s = grid.surpluses(np.exp(2 * grid.places(nodes)[:, 0])[:, None], nodes)
        errors.append(np.abs(grid.products(z, nodes) @ s[:, 0] - np.exp(2 * z[:, 0])).max())
    assert errors[1] < 1e-4 * errors[0]
    assert errors[2] < 1e-12


def test_moments_are_those_of_the_distribution() -> None:
    nodes = [n for level in levels_up_to(4, 2) for n in grid.new_nodes(level)]
    z = grid.places(nodes)
    s = grid.surpluses((z[:, 0] ** 2 + z[:, 1])[:, None], nodes)[:, 0]
    m = grid.moments(nodes, (True, False), 0.5)
    mean, square = m.mean @ s, s @ m.second @ s
    assert mean == pytest.approx(1 / 3)
    assert square - mean**2 == pytest.approx(1 / 5 - 1 / 9 + 0.25)
