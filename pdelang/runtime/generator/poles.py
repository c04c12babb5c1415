"""Resonances: parameters at which the solution grows without bound, found from solutions beside them, and taken out.

    u(z) = v(z)/q(z),    q(z) = prod_i prod_j (z_i - p_ij),    v smooth: it is interpolated in place of u

A family passes a resonance as a simple pole in the parameter that is swept through an eigenvalue. The AAA algorithm (Nakatsukasa, Sete
and Trefethen, 2018) finds the poles of a rational function through samples along one axis of the grid, to nearly the samples' accuracy.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvals, svd

REAL = 1e-6
"""Of an imaginary part, in half-widths of the range: less is a pole on the real axis."""
RESOLVED = 1e-4
"""Relative misfit at samples that were not fitted with more than this says nothing of poles."""
SPARE = 4
"""Samples more than coefficients that a fit must have, to be believed."""
PROJECTIONS = 6


def poles(z: np.ndarray, values: np.ndarray) -> tuple[float, ...] | None:
    """The poles in [-1, 1] of values (n, P) at z (n,); None where no rational function of few enough terms goes through them."""
    rows = _projected(values)
    support: list[int] = []
    fit = np.broadcast_to(rows.mean(axis=0), rows.shape)
    scale = np.abs(rows).max(axis=0)
    for _ in range((len(z) - SPARE) // 2):
        support.append(int(np.argmax(np.max(np.abs(rows - fit) / scale, axis=1))))
        rest = [n for n in range(len(z)) if n not in support]
        cauchy = 1.0 / (z[rest][:, None] - z[support])
        loewner = np.concatenate([(rows[rest, k][:, None] - rows[support, k]) * cauchy / scale[k] for k in range(rows.shape[1])])
        weights = svd(loewner)[2][-1]
        fit = rows.copy()
        fit[rest] = (cauchy @ (weights[:, None] * rows[support])) / (cauchy @ weights)[:, None]
        if np.max(np.abs(rows - fit) / scale) < RESOLVED**2:
            break
    if not np.max(np.abs(rows - fit) / scale) < RESOLVED:
        return None
    return _inside(z[support], weights)


def _projected(values: np.ndarray) -> np.ndarray:
    """A few random combinations: the poles are those of every one of them."""
    random = np.random.default_rng(0)
    return values @ random.standard_normal((values.shape[1], PROJECTIONS)) / np.sqrt(values.shape[1])


def _inside(support: np.ndarray, weights: np.ndarray) -> tuple[float, ...]:
    """Zeros of sum_j w_j/(z - z_j): a generalised eigenvalue problem with an arrow matrix."""
    size = len(support) + 1
    arrow, identity = np.zeros((size, size)), np.eye(size)
    arrow[0, 1:], arrow[1:, 0] = weights, 1.0
    arrow[np.arange(1, size), np.arange(1, size)] = support
    identity[0, 0] = 0.0
    found = eigvals(arrow, identity)
    found = found[np.isfinite(found)]
    real = found[(np.abs(found.imag) < REAL) & (np.abs(found.real) <= 1.0)].real
    return tuple(float(p) for p in np.sort(real))


def denominator(z: np.ndarray, own: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """q at z (M, m): (M,). own: the poles, a tuple a dimension."""
    out = np.ones(len(z))
    for i, places in enumerate(own):
        out *= np.prod(z[:, i, None] - np.array(places), axis=1)
    return out
