"""Solution: broadcasting like NumPy, derivatives in closed form, clear refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.runtime.solution import Solution
from tests.runtime.sketches import SKETCHES, sketch


@pytest.fixture(scope="module")
def moving() -> Solution:
    return SKETCHES["space_time"]()


@pytest.fixture(scope="module")
def flow() -> Solution:
    return SKETCHES["flow"]()


def exact(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * x) * np.exp(-t) + 0.2 * x * t


X = np.linspace(-1, 1, 7)
T = np.linspace(0, 1, 5)


@pytest.mark.parametrize(
    ("x", "t", "shape"),
    [
        (0.3, 0.5, ()),
        (X, 0.5, (7,)),
        (X[:, None], T, (7, 5)),
        (X, T[:, None], (5, 7)),
        (X[:, None, None], T, (7, 1, 5)),
        (X[None], T[:, None, None], (5, 1, 7)),
        (X[:5], T, (5,)),
        (np.tile(X[:, None], (1, 5)), T, (7, 5)),
        ([0.1, 0.2], [[0.5], [0.6], [0.7]], (3, 2)),
        (np.array([]), 0.5, (0,)),
        (0, 1, ()),
    ],
)
def test_values_broadcast_like_numpy(moving: Solution, x: object, t: object, shape: tuple[int, ...]) -> None:
    values = moving(x=x, t=t)
    assert isinstance(values, np.ndarray | np.float64)
    assert values.shape == shape
    np.testing.assert_allclose(values, exact(np.asarray(x), np.asarray(t)), atol=2e-3)


def test_a_mesh_and_its_points_give_the_same_values(moving: Solution) -> None:
    mesh = moving(x=X[:, None], t=T)
    points = moving(x=np.repeat(X, 5), t=np.tile(T, 7)).reshape(7, 5)
    np.testing.assert_allclose(mesh, points, atol=1e-10)


def test_several_fields_come_by_name_and_vectors_stack(flow: Solution) -> None:
    values = flow(x=X[:, None], y=X)
    assert list(values) == ["U[1]", "U[2]", "p"]
    assert values["U"].shape == (2, 7, 7)
    np.testing.assert_array_equal(values["U"][1], values["U[2]"])
    with pytest.raises(KeyError, match="no field 'q': the fields are"):
        values["q"]


@pytest.mark.parametrize(
    "arguments", [("u_xx",), ("u", "xx"), ("u", (2, 0)), ("u", {"x": 2})], ids=["name", "letters", "orders", "by coordinate"]
)
def test_every_spelling_of_a_derivative(moving: Solution, arguments: tuple[object, ...]) -> None:
    found = moving.derivative(*arguments, x=X[1:-1, None], t=T)
    np.testing.assert_allclose(found, -(np.pi**2) * np.sin(np.pi * X[1:-1, None]) * np.exp(-T), atol=0.3)


def test_a_derivative_is_the_limit_of_differences(moving: Solution) -> None:
    h = 1e-5
    difference = (moving(x=0.3 + h, t=0.4) - moving(x=0.3 - h, t=0.4)) / (2 * h)
    np.testing.assert_allclose(moving.derivative("u_x", x=0.3, t=0.4), difference, rtol=1e-6)


def test_a_component_has_derivatives(flow: Solution) -> None:
    along = flow.derivative("U[1]_x", x=X[:, None], y=X) + flow.derivative("U[2]_y", x=X[:, None], y=X)
    np.testing.assert_allclose(along, 0, atol=1e-2)  # the field is free of divergence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("v_x",), "'v_x' is not a derivative of u: write u_x"),
        (("v", "x"), "no field 'v': the fields are u"),
        (("u_xz",), "'xz' is not a sequence of the coordinates x, t"),
        (("u", (1,)), "2 non-negative integers, one each of x, t"),
        (("u", (1, -1)), "2 non-negative integers"),
        (("u", {"y": 1}), "no coordinate 'y': the coordinates are x, t"),
    ],
)
def test_a_wrong_derivative_says_what_is_right(moving: Solution, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        moving.derivative(*arguments, x=0, t=0)


@pytest.mark.parametrize(
    ("coordinates", "error", "message"),
    [
        ({"x": 0.0}, TypeError, "coordinate 't' is missing: give x=..., t=..."),
        ({"x": 0.0, "t": 0.0, "y": 0.0}, TypeError, "unknown coordinate 'y'"),
        ({"x": 1.2, "t": 0.0}, ValueError, r"x = 1.2 lies outside \[-1, 1\]"),
        ({"x": [0.0, -1.5], "t": 0.0}, ValueError, "x = -1.5 lies outside"),
        ({"x": 0.0, "t": np.nan}, ValueError, "'t' holds a value that is not finite"),
        ({"x": "left", "t": 0.0}, ValueError, "'x' must be real numbers"),
        ({"x": 1j, "t": 0.0}, ValueError, "'x' must be real numbers"),
        ({"x": [1.0, 0.5], "t": [0.0, 0.1, 0.2]}, ValueError, "broadcast"),
    ],
)
def test_wrong_coordinates_are_refused(moving: Solution, coordinates: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        moving(**coordinates)


def test_rounding_at_the_edge_is_inside(moving: Solution) -> None:
    assert np.isfinite(moving(x=1 + 1e-12, t=1.0))


def test_a_periodic_coordinate_wraps() -> None:
    from dataclasses import replace

    solution = sketch({"u": lambda x, t: np.cos(np.pi * x) + t}, {"x": (-1.0, 1.0), "t": (0.0, 1.0)}, 12, reference=False)
    x, t = solution.problem.coordinates
    wrapped = replace(solution, problem=replace(solution.problem, coordinates=(replace(x, periodic=True), t)))
    np.testing.assert_allclose(wrapped(x=[1.25, -2.75, 4.2], t=0.5), wrapped(x=[-0.75, -0.75, 0.2], t=0.5), rtol=1e-12)


def test_nothing_computed_cannot_be_evaluated(moving: Solution) -> None:
    from dataclasses import replace

    from pdelang.runtime.status import Status

    empty = replace(moving, representation=None, certificate=None, status=Status.INTERRUPTED)
    with pytest.raises(ValueError, match="nothing to evaluate: interrupted"):
        empty(x=0, t=0)
    assert empty.to_json()["residual"] is None
    assert empty.kernels == 0


def test_a_derivative_of_the_wrong_kind_is_a_type_error(moving: Solution) -> None:
    with pytest.raises(TypeError, match="as two arguments"):
        moving.derivative(("u", "xx"), x=0, t=0)
    with pytest.raises(TypeError, match="integer"):
        moving.derivative("u", (1.5, 0), x=0, t=0)
