"""One coordinate's basis: orthonormal combinations of one-dimensional Gaussians.

    q_j(x) = sum_i E_ij exp(-(x - mu_i)^2 / (2 sigma_i^2)),     sum_p w_p q_i(x_p) q_j(x_p) = delta_ij

with quadrature points x_p and weights w_p. Centres reach `GHOSTS` spacings beyond each end of an interval; a periodic
coordinate has wrapped Gaussians.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.linalg as sl
from scipy.special import roots_legendre

Array = np.ndarray

OVERLAP = 2.0  # kernel width in spacings on an interval
PERIODIC_OVERLAP = 1.5  # smallest Fourier symbol exp(-pi^2 s^2/2) = 1.5e-5, saturation exp(-2 pi^2 s^2) below rounding
GHOSTS = 8  # kernels beyond each end of an interval
SPREAD = 1.15  # least ratio of the kernels' spacing to that of the points, pi/count in the middle: below 1.1 modes hide between the points
FELT = 12.0  # widths beyond which a kernel and its derivatives are below 1e-25
UNDERFLOW = 1000.0  # largest y^2 of which the exponential is taken: numbers below the normal ones are slow
SMALLEST_WINDOWED, LARGEST_WINDOW = 64, 0.6  # kernels, and the share of them, from and up to which only those felt are evaluated
TRUNCATION = 1e-14  # of the largest pivot. 1e-13 leaves 10 times more error at the ends, 1e-15 more rounding in G (E c)


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
    """D^k exp(-y^2/2) = (-1)^k He_k(y) exp(-y^2/2) / sigma^k, y = (x - mu)/sigma, k = 0..order: (order + 1, len(x), len(centres)).

    Increasing centres: only the kernels that a place feels are evaluated, the rest is zero (FELT).
    """
    copies = images(period, float(np.max(widths, initial=0.0)))
    window = felt(centres, widths, x) if period is None else None
    if window is not None:
        out = np.zeros((order + 1, len(x), len(centres)))
        flat = out.reshape(order + 1, -1)
        places = window + len(centres) * np.arange(len(x))[:, None]
        for filled, values in zip(flat, hermite((x[:, None] - centres[window]) / widths[window], widths[window], order)):
            filled[places] = values
        return out
    apart = x[:, None] - centres
    if period is not None:
        apart -= period * np.round(apart / period)
    first, *others = (hermite((apart - image) / widths, widths, order) for image in copies)
    out = np.empty((order + 1, len(x), len(centres)))
    for filled, *values in zip(out, first, *others):
        filled[:] = values[0]
        for value in values[1:]:
            filled += value
    return out


def hermite(y: Array, widths: Array, order: int) -> Iterator[Array]:
    """(-1)^k He_k(y) exp(-y^2/2) / sigma^k for k = 0, ..., order."""
    previous, current = np.zeros_like(y), np.exp(-0.5 * np.minimum(y * y, UNDERFLOW))
    scale = np.ones_like(widths)
    for k in range(order + 1):
        yield scale * current if k else current
        previous, current = current, y * current - k * previous
        scale = -scale / widths


def felt(centres: Array, widths: Array, x: Array) -> Array | None:
    """Numbers of kernels for each place, (len(x), window), that hold all it feels; None where the window would be most of them."""
    if len(centres) < SMALLEST_WINDOWED or not (np.diff(centres) > 0).all():
        return None
    first = np.searchsorted(np.maximum.accumulate(centres + FELT * widths), x)
    last = np.searchsorted(np.minimum.accumulate((centres - FELT * widths)[::-1])[::-1], x)
    width = int((last - first).max(initial=1))
    if width > LARGEST_WINDOW * len(centres):
        return None
    return np.clip(first, 0, len(centres) - width)[:, None] + np.arange(width)


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
    """W^(1/2) G P = Q R with columns pivoted: Q are the values, E = P R^-1. As accurate as singular vectors, at a third of the cost."""
    G = gaussian_derivatives(centres, widths, points, order, period)
    root = np.sqrt(weights)[:, None]
    columns = np.sqrt(widths.max() / widths)  # to equal norms: else the narrow kernels of a layer of width 1e-6 drown in the truncation
    Q, R, order_of = sl.qr(root * G[0] * columns, mode="economic", pivoting=True, check_finite=False, overwrite_a=True)
    diagonal = np.abs(R.diagonal())
    rank = int((truncation * diagonal[0] < diagonal).sum())
    inverse, _ = sl.lapack.dtrtri(R[:rank, :rank])
    to_weights = np.zeros((len(centres), rank))
    to_weights[order_of[:rank]] = columns[order_of[:rank], None] * inverse
    values = np.empty((order + 1, len(points), rank))
    values[0] = Q[:, :rank] / root  # Q itself: G E has lost the digits of the small pivots
    for filled, g in zip(values[1:], G[1:]):
        np.matmul(g, to_weights, out=filled)
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
