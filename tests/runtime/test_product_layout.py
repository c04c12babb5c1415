"""Factors, slabs, faces, gradings: the mathematics under the product methods."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.runtime.layout.faces import AxisConstraints, null_space
from pdelang.runtime.layout.factor import Factor, Mapping, circle, gaussian_derivatives, interval
from pdelang.runtime.layout.monitor import graded, limited, local_length
from pdelang.runtime.layout.product import along, contract, jet_grids, tensor_points
from pdelang.runtime.layout.slab import time_factor

STRETCH = 3.0
SINH = Mapping(lambda z: np.sinh(STRETCH * z) / np.sinh(STRETCH), lambda z: STRETCH * np.cosh(STRETCH * z) / np.sinh(STRETCH))

WAVY = Mapping(lambda z: z + 0.5 * np.sin(np.pi * z) / np.pi, lambda z: 1 + 0.5 * np.cos(np.pi * z))


def test_gaussian_derivatives_follow_the_hermite_recurrence() -> None:
    x, centre, width = np.linspace(-1, 1, 7), np.array([0.2]), np.array([0.4])
    y = (x - 0.2) / 0.4
    g = np.exp(-y * y / 2)
    expected = [g, -y * g / 0.4, (y**2 - 1) * g / 0.4**2, -(y**3 - 3 * y) * g / 0.4**3, (y**4 - 6 * y**2 + 3) * g / 0.4**4]
    assert np.allclose(gaussian_derivatives(centre, width, x, 4)[:, :, 0], expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "factor",
    [interval(-1, 1, 40, 3), interval(-1, 1, 80, 3, SINH), circle(-1, 1, 40, 3), circle(-1, 1, 60, 3, WAVY)],
    ids=["interval", "graded interval", "circle", "graded circle"],
)
def test_a_factor_is_orthonormal_and_differentiates(factor: Factor) -> None:
    gram = factor.test @ factor.values[0]
    assert np.abs(gram - np.eye(factor.rank)).max() < 1e-12
    f = [np.sin(np.pi * factor.points), np.pi * np.cos(np.pi * factor.points), -(np.pi**2) * np.sin(np.pi * factor.points)]
    c = factor.test @ f[0]
    x = np.linspace(-1, 1, 33)
    assert np.abs(factor.evaluate(x, c) - np.sin(np.pi * x)).max() < 1e-9
    for k, tolerance in ((1, 1e-7), (2, 1e-5)):
        assert np.abs(factor.values[k] @ c - f[k]).max() < tolerance


def test_a_uniform_circle_is_the_gaussians_span() -> None:
    """Its closed form (Fourier modes) is what its kernels and weights say."""
    factor = circle(0.0, 3.0, 21, 2)
    for k in range(3):
        assert np.abs(factor.gaussians(factor.points, k)[k] @ factor.to_weights - factor.values[k]).max() < 1e-8 * 40**k


@pytest.mark.parametrize(("kernels", "accuracy"), [(10, 1e-6), (14, 1e-8), (18, 1e-9), (22, 1e-10)])
def test_time_factor_integrates(kernels: int, accuracy: float) -> None:
    T = time_factor(kernels)
    assert np.abs(T.test @ T.slope - np.eye(T.modes)).max() < 1e-10
    c = T.test @ np.cos(3 * T.points)
    assert np.abs(T.evaluate(T.points, c) - np.sin(3 * T.points) / 3).max() < accuracy
    assert abs(T.evaluate(np.zeros(1), c)[0]) < accuracy
    assert T.eigenvalues.real.min() > 0  # every decaying mode decays
    assert np.abs(T.eigenvectors * T.eigenvalues @ T.inverse - T.integration).max() < 1e-6


def test_contractions_equal_the_dense_product() -> None:
    rng = np.random.default_rng(0)
    tensor, matrices = rng.normal(size=(3, 4, 5)), [rng.normal(size=(2, n)) for n in (3, 4, 5)]
    dense = np.einsum("ai,bj,ck,ijk->abc", *matrices, tensor)
    assert np.allclose(contract(matrices, tensor), dense)
    assert np.allclose(along(matrices[1], tensor, 1), np.einsum("bj,ijk->ibk", matrices[1], tensor))
    values = [np.stack([m, 2 * m]) for m in matrices[:2]]
    grids = jet_grids(values, tensor, [(0, 1), (1, 1)])
    assert np.allclose(grids[1, 1], 4 * np.einsum("ai,bj,ijk->abk", matrices[0], matrices[1], tensor))
    assert tensor_points([np.array([1.0, 2.0]), np.array([3.0])]).tolist() == [[1, 3], [2, 3]]


def test_lifting_meets_faces_on_two_axes_exactly() -> None:
    """Values at four faces with compatible corners: all of them hold, and the null space does not disturb them."""
    rng = np.random.default_rng(1)
    rows = [rng.normal(size=(2, 6)), rng.normal(size=(2, 7))]
    truth = rng.normal(size=(6, 7, 3))
    spaces = tuple(null_space(C, C.shape[1]) for C in rows)
    constraints = AxisConstraints((spaces,), (((0, 1), (2, 3)),))
    data = {0: 0, 1: 1, 2: 0, 3: 1}
    gamma = {n: np.tensordot(rows[n // 2][k], truth, (0, n // 2)) for n, k in data.items()}
    lifted = constraints.lift(gamma)[0]
    free = constraints.expand(rng.normal(size=(constraints.size, 3)))[0]
    for n, k in data.items():
        assert np.allclose(np.tensordot(rows[n // 2][k], lifted + free, (0, n // 2)), gamma[n])
    assert constraints.size == 4 * 5


def test_a_redundant_condition_is_dropped() -> None:
    row = np.array([1.0, 2.0, 0.5, 0.0])
    space = null_space(np.array([row, -3 * row]), 4)
    assert space.null.shape == (4, 3)
    assert np.allclose(row @ (space.lift @ (np.array([2.0, -6.0]) / space.scale)), 2.0)


def test_grading_follows_a_front() -> None:
    x = np.linspace(-1, 1, 2001)
    w = 0.01
    u = np.tanh(x / w)
    monitor = local_length(x, [f[None, :, None] for f in (u, (1 - u**2) / w, -2 * u * (1 - u**2) / w**2)], False)
    assert monitor.length.min() < 2.5 * w
    assert np.abs(np.diff(monitor.length)).max() <= 0.2501 * (x[1] - x[0])
    assert monitor.saving() > 5
    mapping = graded(monitor, False)
    assert np.allclose(mapping.place(np.array([-1.0, 1.0])), [-1, 1], atol=1e-9)
    z = np.linspace(-1, 1, 101)
    assert np.abs((mapping.place(z + 1e-5) - mapping.place(z - 1e-5)) / 2e-5 - mapping.slope(z))[1:-1].max() < 1e-4
    assert mapping.slope(np.zeros(1))[0] < 0.2 * mapping.slope(z).max()


def test_a_periodic_limit_closes() -> None:
    x = np.linspace(0, 1, 101)
    length = np.where(x < 0.02, 0.001, 1.0)
    out = limited(x, length, True)
    assert out[0] == out[-1]
    assert out[-10] < 0.05


@pytest.mark.parametrize("width", [0.01, 0.15, 0.5])
def test_periodic_kernels_are_the_sum_of_all_their_copies(width: float) -> None:
    """Narrow ones feel one copy, wide ones five; wherever the places lie, within a period or beyond."""
    centres, widths, x = np.array([-0.9, 0.0, 0.7]), np.full(3, width), np.linspace(-1.5, 1.5, 301)
    every = sum(gaussian_derivatives(centres + 2.0 * copy, widths, x, 3) for copy in range(-5, 6))
    scale = width ** -np.arange(4.0)[:, None, None]
    assert np.allclose(
        gaussian_derivatives(centres, widths, x, 3, 2.0) / scale, every / scale, rtol=0, atol=1e-11 if width > 0.4 else 1e-13
    )
