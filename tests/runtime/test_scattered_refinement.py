"""Refinement by the residual: frames from the Hessian, covariances along them, cells that tile the box, and an oblique layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.layout.cells import Cells
from pdelang.runtime.layout.frame import Frame, along, fitted_frame
from pdelang.runtime.layout.scattered import grid_layout
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import silent
from pdelang.runtime.solve.box import Problem
from pdelang.runtime.solve.defect import estimated_error
from pdelang.runtime.solve.least_squares import least_squares
from tests.runtime import handmade
from tests.runtime.handmade import J, equation, nan, problem
from tests.runtime.test_scattered_layout import fitted
from tests.runtime.test_scattered_methods import parameters, relative_error

BOX = (np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
EXAMPLES = Path(__file__).parents[2] / "examples"


def rotation(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def turned(degrees: float, base: tuple[int, int] = (8, 12)) -> Cells:
    return Cells.uniform(Frame(rotation(degrees), (None, None)), base, (False, False), 2.0, 4, 2.0)


def test_widths_and_shears_are_the_covariance_of_the_frame() -> None:
    frame, widths = Frame(rotation(25), (None, None)), np.array([[0.3, 0.05], [0.1, 0.2]])
    scales, shears = frame.covariances(widths)
    for k in range(2):
        unit = np.array([[1.0, shears[k, 0]], [0.0, 1.0]])
        precision = unit.T @ np.diag(scales[k] ** -2.0) @ unit
        np.testing.assert_allclose(np.linalg.inv(precision), frame.turn @ np.diag(widths[k] ** 2) @ frame.turn.T, rtol=1e-10)


@pytest.mark.parametrize("degrees", [30.0, 75.0])
def test_the_frame_of_a_layer_lies_along_it_whatever_ramp_it_stands_on(degrees: float) -> None:
    layout, normal = grid_layout((22, 22), (False, False), ghosts=2), rotation(degrees)[:, 1]
    weights = fitted(layout, lambda z: np.tanh(4 * z @ normal) + z[:, 0])
    frame = fitted_frame(layout.expansion(weights[None], *BOX), (False, False))
    assert abs(frame.turn[:, 1] @ normal) > np.cos(np.radians(0.05))
    assert frame.turned_from(Frame.straight(2)) > 0.2


def test_a_solution_without_a_direction_is_not_turned() -> None:
    layout = grid_layout((14, 14), (False, False))
    weights = fitted(layout, lambda z: np.sin(2 * z[:, 0]) * np.sin(2 * z[:, 1]))
    np.testing.assert_array_equal(fitted_frame(layout.expansion(weights[None], *BOX), (False, False)).turn, np.eye(2))


def test_derivatives_along_a_direction() -> None:
    layout, e = grid_layout((20, 20), (False, False)), rotation(40)[:, 0]
    expansion = layout.expansion(fitted(layout, lambda z: np.sin(2 * z @ e))[None], *BOX)
    z = np.random.default_rng(0).uniform(-0.8, 0.8, (20, 2))
    s = 2 * z @ e
    expected = np.stack([np.sin(s), 2 * np.cos(s), -4 * np.sin(s)])
    np.testing.assert_allclose(along(expansion, z, e, 2)[:, 0], expected, atol=1e-5)


def test_leaves_tile_the_box_before_and_after_splitting() -> None:
    cells = turned(30)
    marks = np.zeros((len(cells.leaves), 2), dtype=bool)
    marks[::3, 1] = True
    marks[::5, 0] = True
    for stage in (cells, cells.split(marks)):
        lattice = [2.0 ** -stage.leaves[:, i] / stage.base[i] for i in range(2)]
        lower = np.stack([stage.leaves[:, 2 + i] * lattice[i] for i in range(2)], axis=1)
        upper = lower + np.stack(lattice, axis=1)
        z = np.random.default_rng(0).uniform(-1, 1, (500, 2))
        at = (z @ stage.frame.turn / stage.frame.half + 1) / 2
        inside = ((at[:, None] >= lower) & (at[:, None] < upper)).all(axis=2)
        assert (inside.sum(axis=1) == 1).all()


def test_merging_undoes_splitting() -> None:
    cells = Cells.uniform(Frame.straight(2), (4, 4), (False, False), 2.0, 4, 2.0)
    split = cells.split(np.ones((16, 2), dtype=bool))
    assert len(split.leaves) == 64
    back = split.merged(np.ones(64, dtype=bool))
    assert {tuple(leaf) for leaf in back.leaves} == {tuple(leaf) for leaf in cells.leaves}


def test_points_follow_the_kernels_and_their_shares_sum_to_one() -> None:
    cells = turned(30)
    z, shares = cells.nodes((0, 1))
    assert (np.abs(z) <= 1).all()
    assert len(z) >= 1.5 * cells.kernels
    assert shares.sum() == pytest.approx(1)
    fine = cells.split(np.tile(cells.middles[:, :1] > 0, (1, 2)))
    face, shares = fine.nodes((0,), np.array([nan, 1.0]))
    assert (face[:, 1] == 1).all()
    assert shares.sum() == pytest.approx(1)
    assert (face[:, 0] > 0).sum() > 1.4 * (face[:, 0] < 0).sum()


def layer() -> object:
    """-eps lap u + (cos 30, sin 30) . grad u = f, u = tanh(s / sqrt(eps)) + x/4, s across: along the flow. eps = 1e-2."""
    eps, c, s = 1e-2, np.cos(np.pi / 6), np.sin(np.pi / 6)
    across = lambda x: (c * x[1] - s * x[0]) / eps**0.5
    exact = lambda x: jnp.tanh(across(x)) + x[0] / 4
    source = lambda x: 2 * jnp.tanh(across(x)) / jnp.cosh(across(x)) ** 2 + c / 4
    terms = lambda j, x, p: (c * j[0], s * j[1], -eps * j[2], -eps * j[3], -source(x))
    e = equation("flow", "interior", [J(1, 0), J(0, 1), J(2, 0), J(0, 2)], terms, lambda p: [[nan, nan]])
    faces = [[-1.0, nan], [1.0, nan], [nan, -1.0], [nan, 1.0]]
    walls = [
        equation(f"wall {n}", "boundary", [J(0, 0)], lambda j, x, p: (j[0], -exact(x)), lambda p, f=f: [f]) for n, f in enumerate(faces)
    ]
    return problem("layer", [("x", -1, 1), ("y", -1, 1)], [e], walls, exact=lambda x, p: exact(x)[None])


def test_an_oblique_layer_takes_fewer_kernels_than_along_the_axes() -> None:
    compiled = layer()
    options = SolveOptions(tolerance=1e-2, refinement="residual", time_limit=600)
    found = least_squares(compiled, {}, options, silent)  # type: ignore[arg-type]
    assert found.representation is not None
    assert found.error_estimate is not None
    error = relative_error(compiled, found, {}).max()  # type: ignore[arg-type]
    assert error < 1e-2
    assert found.error_estimate[0] > 0.3 * error
    same = SolveOptions(kernels=found.representation.kernels, time_limit=600)
    along_axes = least_squares(compiled, {}, same, silent)  # type: ignore[arg-type]
    assert relative_error(compiled, along_axes, {}).max() > 3 * error  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [handmade.heat, handmade.kovasznay])
def test_one_newton_step_estimates_the_error_of_any_answer(make: Callable[[], CompiledProblem]) -> None:
    """The exact solution, fitted by few kernels: what they miss is what the estimate finds."""
    compiled = make()
    params = parameters(compiled)
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    layout = grid_layout((7, 7), (False, False), ghosts=1)
    z, _ = layout.nodes((0, 1))
    assert compiled.exact is not None
    exact = np.asarray(compiled.exact(lower + (upper - lower) * (z + 1) / 2, params))
    weights = np.linalg.lstsq(np.asarray(layout.basis(z, [(0, 0)]))[0], exact.T, rcond=1e-10)[0].T
    answer = layout.expansion(weights, lower, upper)
    estimate = estimated_error(Problem(compiled, params, SolveOptions(), lower, upper), answer)
    points = lower + (upper - lower) * np.random.default_rng(0).uniform(0, 1, (400, 2))
    missed = answer.jets(points, [(f, (0, 0)) for f in range(len(exact))]) - np.asarray(compiled.exact(points, params))
    assert estimate is not None
    ratio = estimate / np.sqrt(np.mean(missed**2, axis=1))
    assert ratio.min() > 0.2
    assert ratio.max() < 5


def test_a_refinement_that_does_not_exist_is_a_users_mistake() -> None:
    with pytest.raises(UsageError, match="no refinement"):
        pdelang.solve(EXAMPLES / "helmholtz.pde", method="least_squares", refinement="magic")
