"""Points are where they were asked for, seeded, and never silently none."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.runtime.sampling import EmptyPointSetError, box, box_grid, interior, on_equation, sobol
from tests.runtime import handmade
from tests.runtime.handmade import J, equation, nan

LOWER, UPPER = np.array([0.0, 0.0]), np.array([1.0, 2.0])


def restricted(where: object) -> object:
    return equation("restricted", "interior", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[nan, nan]], where=where)


def test_sobol_points_depend_on_the_seed_alone() -> None:
    np.testing.assert_array_equal(sobol(37, 3, 5), sobol(37, 3, 5))
    assert not np.array_equal(sobol(37, 3, 5), sobol(37, 3, 6))
    assert sobol(37, 3, 5).shape == (37, 3)
    assert sobol(4, 0, 0).shape == (4, 0)


def test_box_fills_the_box_evenly() -> None:
    points = box(LOWER, UPPER, 256, 0)
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1] / 2, bins=4, range=[[0, 1], [0, 1]])
    assert counts.min() >= 12


def test_the_grid_has_both_ends() -> None:
    grid = box_grid(LOWER, UPPER, (3, 1))
    np.testing.assert_allclose(grid, [[0, 1], [0.5, 1], [1, 1]])


def test_conditions_lie_on_their_place() -> None:
    heat = handmade.heat()
    points = on_equation(heat.conditions[2], {"k": 1.0}, LOWER, UPPER, 50, 0)
    assert (points[:, 0] == 1.0).all()
    assert np.ptp(points[:, 1]) > 1.9
    point = equation("gauge", "point", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[0.25, 0.5]])
    np.testing.assert_array_equal(on_equation(point, {}, LOWER, UPPER, 50, 0), [[0.25, 0.5]])


def test_where_is_met_by_every_point() -> None:
    points = interior(restricted(lambda x, c: (x[:, 0] > 0.9) & (x[:, 1] < 0.2)), {}, LOWER, UPPER, 100, 0)
    assert len(points) == 100
    assert (points[:, 0] > 0.9).all()
    assert (points[:, 1] < 0.2).all()


def test_an_empty_region_is_an_error_that_names_it() -> None:
    with pytest.raises(EmptyPointSetError, match="line 1, restricted: no point"):
        interior(restricted(lambda x, c: x[:, 0] > 2), {}, LOWER, UPPER, 64, 0)


def test_a_place_that_is_not_finite_is_an_error() -> None:
    bad = equation("u(c)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[c.get("a", 0.0), nan]])
    with pytest.raises(EmptyPointSetError, match="not finite"):
        on_equation(bad, {"a": float("inf")}, LOWER, UPPER, 8, 0)
