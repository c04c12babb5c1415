"""One coordinate's basis: orthonormal combinations of one-dimensional Gaussians.

    q_j(x) = sum_i E_ij exp(-(x - mu_i)^2 / (2 sigma_i^2)),     sum_p w_p q_i(x_p) q_j(x_p) = delta_ij

with quadrature points x_p and weights w_p. Centres reach `GHOSTS` spacings beyond each end of an interval; a periodic
coordinate has wrapped Gaussians. The modes are ordered from smooth to oscillating, so the last coefficients of a
solution are its spectral tail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import roots_legendre

Array = np.ndarray

OVERLAP = 2.0  # kernel width in spacings on an interval
PERIODIC_OVERLAP = 1.5  # smallest Fourier symbol exp(-pi^2 s^2/2) = 1.5e-5, saturation exp(-2 pi^2 s^2) below rounding
GHOSTS = 8  # kernels beyond each end of an interval
SPREAD = 1.15  # least ratio of the kernels' spacing to that of the points, pi/count in the middle: below 1.1 modes hide between the points
FELT = 12.0  # widths beyond which a kernel and its derivatives are below 1e-25
TRUNCATION = 1e-14  # of the largest singular value. 1e-13 leaves 10 times more error at the ends, 1e-15 more rounding in G (E c)


@dataclass(frozen=True, eq=False)
class Mapping:
    """A smooth monotone map g of [-1, 1] onto the coordinate's interval, and its slope g'.

    made_from: places and local lengths of the monitor that `graded` made it from, so that it can be made again.
    """

    place: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    made_from: tuple[Array, Array] | None = None


def affine(lower: float, upper: float) -> Mapping:
    middle, half = 0.5 * (lower + upper), 0.5 * (upper - lower)
    return Mapping(lambda z: middle + half * z, lambda z: np.full_like(z, half))


def gaussian_derivatives(centres: Array, widths: Array, x: Array, order: int, period: float | None = None) -> Array:
    """D^k exp(-y^2/2) = (-1)^k He_k(y) exp(-y^2/2) / sigma^k, y = (x - mu)/sigma, k = 0..order: (order + 1, len(x), len(centres))."""
    out = np.zeros((order + 1, len(x), len(centres)))
    apart = x[:, None] - centres
    if period is not None:
        apart -= period * np.round(apart / period)
    for image in images(period, float(np.max(widths, initial=0.0))):
        y = (apart - image) / widths
        previous, current = np.zeros_like(y), np.exp(-0.5 * y * y)
        scale = np.ones_like(widths)
        for k in range(order + 1):
            out[k] += scale * current
            previous, current = current, y * current - k * previous
            scale = -scale / widths
    return out


def images(period: float | None, widest: float) -> tuple[float, ...]:
    """Places at which a kernel's copies are felt within half a period of it: one for kernels that are narrow, five for any in use."""
    if period is None or 0.5 * period > FELT * widest:
        return (0.0,)
    most = 1 if 1.5 * period > FELT * widest else 2
    return tuple(m * period for m in range(-most, most + 1))


@lru_cache(maxsize=512)
def gauss_legendre(count: int) -> tuple[Array, Array]:
    """Points and weights on [-1, 1], from a tridiagonal matrix: NumPy's dense one takes 0.3 s at 450 points, this 0.02 s."""
    points, weights = roots_legendre(count)
    return points, weights


@dataclass(frozen=True, eq=False)
class Factor:
    """values[k] = D^k q at `points`, (points, rank). to_weights E: (kernels, rank). test = (w q)^T: (rank, points) projects."""

    lower: float
    upper: float
    centres: Array
    widths: Array
    period: float | None
    to_weights: Array
    points: Array
    weights: Array
    values: Array
    mapping: Mapping | None = None

    @property
    def rank(self) -> int:
        return self.to_weights.shape[1]

    @property
    def test(self) -> Array:
        return (self.values[0] * self.weights[:, None]).T

    def gaussians(self, x: Array, order: int) -> Array:
        return gaussian_derivatives(self.centres, self.widths, np.asarray(x, dtype=float), order, self.period)

    def evaluate(self, x: Array, coefficients: Array, order: int = 0) -> Array:
        """D^order of sum_j c_j q_j at x; coefficients (rank, ...). Weights first: G (E c), for (G E) c loses 1/TRUNCATION digits."""
        return self.gaussians(x, order)[order] @ (self.to_weights @ coefficients)

    def functional(self, place: float, order: int) -> Array:
        """D^order q_j at one place, (rank,): a row of a face condition."""
        return self.gaussians(np.array([place]), order)[order, 0] @ self.to_weights


def orthonormalised(
    lower: float, upper: float, centres: Array, widths: Array, points: Array, weights: Array, order: int,
    period: float | None, truncation: float, mapping: Mapping | None,
) -> Factor:  # fmt: skip
    G = gaussian_derivatives(centres, widths, points, order, period)
    root = np.sqrt(weights)[:, None]
    columns = np.sqrt(widths.max() / widths)  # to equal norms: else the narrow kernels of a layer of width 1e-6 drown in the truncation
    U, S, Vt = np.linalg.svd(root * G[0] * columns, full_matrices=False)
    rank = int((truncation * S[0] < S).sum())
    to_weights = columns[:, None] * (Vt[:rank].T / S[:rank])
    values = np.stack([g @ to_weights for g in G])
    values[0] = U[:, :rank] / root  # U itself: G @ (V / S) has lost the digits of the small singular values
    return Factor(lower, upper, centres, widths, period, to_weights, points, weights, values, mapping)


def interval(lower: float, upper: float, kernels: int, order: int, mapping: Mapping | None = None, *,
             oversampling: float = 2.0, truncation: float = TRUNCATION) -> Factor:  # fmt: skip
    """Factor on [lower, upper] with `kernels` centres, ghosts included, graded by `mapping`; derivatives up to `order`."""
    g = mapping or affine(lower, upper)
    spacing = 2.0 / (kernels - 1 - 2 * GHOSTS)
    z = np.linspace(-1 - GHOSTS * spacing, 1 + GHOSTS * spacing, kernels)
    inside = np.clip(z, -1.0, 1.0)
    slope = g.slope(inside)
    points = max(oversampling * kernels, SPREAD * 0.5 * np.pi * (kernels - 1 - 2 * GHOSTS))
    zp, wp = gauss_legendre(int(np.ceil(points)))
    return orthonormalised(
        lower, upper, g.place(inside) + slope * (z - inside), OVERLAP * spacing * slope, g.place(zp), wp * g.slope(zp),
        order, None, truncation, mapping,
    )  # fmt: skip


def circle(lower: float, upper: float, kernels: int, order: int, mapping: Mapping | None = None, *,
           oversampling: float = 2.0, truncation: float = TRUNCATION) -> Factor:  # fmt: skip
    """Factor of a periodic coordinate. Uniform: a circulant, whose singular vectors are waves, taken in closed form."""
    period = upper - lower
    kernels += 1 - kernels % 2  # an odd number has no lone highest mode, whose derivative would vanish on the centres
    count = int(np.ceil(oversampling * kernels))
    if mapping is not None:
        z, zp = -1 + 2 * np.arange(kernels) / kernels, -1 + 2 * np.arange(count) / count
        widths = PERIODIC_OVERLAP * 2 / kernels * mapping.slope(z)
        return orthonormalised(
            lower, upper, mapping.place(z), widths, mapping.place(zp), mapping.slope(zp) * 2 / count, order, period, truncation, mapping
        )
    centres = lower + period * np.arange(kernels) / kernels
    points = lower + period * np.arange(count) / count
    width = PERIODIC_OVERLAP * period / kernels
    mode = np.concatenate([[0], np.repeat(np.arange(1, kernels // 2 + 1), 2)])
    phase = np.concatenate([[0.0], np.tile([0.0, -0.5 * np.pi], kernels // 2)])  # cos, sin, cos, sin, ...
    # weights cos(k x_i) make sum_m a_m cos((k + m n) x): the aliases m = -1, 1 count near the highest mode
    waves = 2 * np.pi / period * (mode + kernels * np.array([[0.0], [-1.0], [1.0]]))
    symbols = kernels * np.sqrt(2 * np.pi) * width / period * np.exp(-0.5 * (waves * width) ** 2)
    symbols[1:, 0] = 0.0  # of the constant: below rounding
    norm = np.sqrt(np.where(mode == 0, 1.0, 0.5) * period * np.sum(symbols**2, axis=0))

    def modes(x: Array, k: int) -> Array:
        return sum(a / norm * w**k * np.cos(np.outer(x - lower, w) + phase + 0.5 * np.pi * k) for a, w in zip(symbols, waves))

    to_weights = np.cos(np.outer(centres - lower, waves[0]) + phase) / norm
    values = np.stack([modes(points, k) for k in range(order + 1)])
    return Factor(lower, upper, centres, np.full(kernels, width), period, to_weights, points, np.full(count, period / count), values)
