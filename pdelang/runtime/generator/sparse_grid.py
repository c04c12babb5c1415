"""Interpolation in the parameters on a dimension-adaptive sparse grid (Gerstner and Griebel, 2003), in Newton's form.

    I(z) = sum_k s_k H_k(z),    H_k(z) = prod_i h_(k_i)(z_i),    h_n(z) = prod_(m<n) (z - x_m)/(x_n - x_m)

on symmetric Leja points x_0 = 0, x_1 = 1, x_2 = -1, x_3, x_4 = -x_3, ...: each further pair makes the product of distances to the
earlier ones as large as it can be. They are nested, one pair a level, and their Lebesgue constant grows slowly. s_k, the hierarchical
surplus, is what the interpolant of the earlier nodes lacks at node k: where it is small, the family is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import roots_legendre

Node = tuple[int, ...]
"""The numbers of its Leja points, one a dimension."""
Level = tuple[int, ...]

MOST = 129
"""Leja points a dimension."""


@lru_cache(maxsize=1)
def leja() -> np.ndarray:
    """The points, (MOST,)."""
    candidates = np.cos(np.pi * np.arange(20001) / 40000)[:-1]  # of (0, 1], dense where the points will be
    points = [0.0, 1.0, -1.0]
    log = np.log(candidates) + np.log1p(candidates - 2e-16) + np.log(np.maximum(1 - candidates, 1e-300))
    while len(points) < MOST:
        best = float(candidates[np.argmax(log)])
        points += [best, -best]
        log += np.log(np.maximum(np.abs(candidates**2 - best**2), 1e-300))
    return np.array(points[:MOST])


def basis(z: np.ndarray, count: int) -> np.ndarray:
    """h_0 ... h_(count-1) at z (...): (..., count)."""
    x = leja()
    out = np.ones((*np.shape(z), count))
    for n in range(1, count):
        out[..., n] = np.prod((np.asarray(z)[..., None] - x[:n]) / (x[n] - x[:n]), axis=-1)
    return out


@lru_cache(maxsize=256)
def _largest(number: int) -> float:
    return float(np.abs(basis(np.linspace(-1, 1, 2001), number + 1)[:, number]).max())


def largest(node: Node) -> float:
    """max |H_k| over the box: what a surplus can contribute anywhere."""
    return float(np.prod([_largest(n) for n in node]))


def new_nodes(level: Level) -> list[Node]:
    """The nodes that a level brings: 0 alone at level 0, a pair a further level, in every dimension."""
    return list(product(*[(0,) if n == 0 else (2 * n - 1, 2 * n) for n in level]))


def neighbours(level: Level) -> Iterable[Level]:
    for i in range(len(level)):
        yield (*level[:i], level[i] + 1, *level[i + 1 :])


def admissible(level: Level, known: set[Level]) -> bool:
    """Every level below it is known: the nodes stay downward closed, and Newton's form exact."""
    return all(level[i] == 0 or (*level[:i], level[i] - 1, *level[i + 1 :]) in known for i in range(len(level)))


def places(nodes: list[Node]) -> np.ndarray:
    """(nodes, m) in [-1, 1]."""
    return leja()[np.array(nodes, dtype=int).reshape(len(nodes), -1)]


def products(z: np.ndarray, nodes: list[Node]) -> np.ndarray:
    """H_k at z (M, m), (M, nodes)."""
    numbers = np.array(nodes, dtype=int).reshape(len(nodes), -1)
    out = np.ones((len(z), len(nodes)))
    for i in range(numbers.shape[1]):
        out *= basis(z[:, i], int(numbers[:, i].max(initial=0)) + 1)[:, numbers[:, i]]
    return out


def surpluses(values: np.ndarray, nodes: list[Node]) -> np.ndarray:
    """From values (nodes, P) to surpluses (nodes, P); nodes in an order in which each comes after those below it."""
    return extended(np.empty((0, values.shape[1])), [], nodes, values)


def extended(known: np.ndarray, before: list[Node], new: list[Node], values: np.ndarray) -> np.ndarray:
    """Surpluses of `before` and `new`, from those of `before` and the values at `new`: earlier ones stay as they are."""
    lower = products(places(new), [*before, *new])  # its last columns are unit lower triangular
    own = values - lower[:, : len(before)] @ known
    own = solve_triangular(lower[:, len(before) :], own, lower=True, unit_diagonal=True)
    return np.concatenate([known, np.ascontiguousarray(own)])


@dataclass(frozen=True)
class Moments:
    """mean: E[H_k], (nodes,). second: E[H_j H_k], (nodes, nodes). z is uniform on [-1, 1] or normal, as the parameters are declared."""

    mean: np.ndarray
    second: np.ndarray


def moments(nodes: list[Node], uniform: tuple[bool, ...], deviation: float) -> Moments:
    """By Gauss quadrature a dimension, exact for these polynomials. deviation: of z where it is normal."""
    numbers = np.array(nodes, dtype=int).reshape(len(nodes), -1)
    mean, second = np.ones(len(nodes)), np.ones((len(nodes), len(nodes)))
    for i, flat in enumerate(uniform):
        count = int(numbers[:, i].max(initial=0)) + 1
        if flat:
            z, w = roots_legendre(count)
            w = w / 2
        else:
            z, w = np.polynomial.hermite_e.hermegauss(count)
            z, w = deviation * z, w / w.sum()
        h = basis(z, count)
        mean *= (w @ h)[numbers[:, i]]
        second *= ((h.T * w) @ h)[np.ix_(numbers[:, i], numbers[:, i])]
    return Moments(mean, second)
