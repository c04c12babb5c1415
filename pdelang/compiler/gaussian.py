"""D^alpha phi = h_alpha phi for phi = exp(-y.P y/2): multivariate Hermite polynomials in the slopes g = P y and the entries of P.

    h_0 = 1,  h_(alpha + e_i) = d_i h_alpha - g_i h_alpha = -g_i h_alpha - sum_j alpha_j P_ij h_(alpha - e_j)

because d_i g_j = P_ij. Exact integers, by recurrence: nothing is ever expanded. As a polynomial of z, h_alpha has total degree
|alpha|, which gives the number of columns that a jet costs in the lowering.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement, product
from math import comb

Orders = tuple[int, ...]
Polynomial = dict[tuple[Orders, Orders], int]
"""{(powers of g_i, powers of P_ij for i <= j row by row): coefficient}."""


def pairs(dimension: int) -> tuple[tuple[int, int], ...]:
    """(i, j), i <= j, row by row: the entries of a symmetric matrix."""
    return tuple(combinations_with_replacement(range(dimension), 2))


def raised(orders: Orders, i: int, by: int = 1) -> Orders:
    return (*orders[:i], orders[i] + by, *orders[i + 1 :])


def hermite(orders: Orders) -> Polynomial:
    """h_alpha for alpha = orders."""
    return dict(_hermite(orders))


@lru_cache(maxsize=4096)
def _hermite(orders: Orders) -> tuple[tuple[tuple[Orders, Orders], int], ...]:
    entries = pairs(len(orders))
    if not any(orders):
        return (((orders, (0,) * len(entries)), 1),)
    i = max(j for j, n in enumerate(orders) if n)
    parent = raised(orders, i, -1)
    result: Polynomial = {}
    for (g, p), c in _hermite(parent):
        result[raised(g, i), p] = result.get((raised(g, i), p), 0) - c
    for j, n in enumerate(parent):
        if n:
            entry = entries.index((min(i, j), max(i, j)))
            for (g, p), c in _hermite(raised(parent, j, -1)):
                key = g, raised(p, entry)
                result[key] = result.get(key, 0) - n * c
    return tuple((key, c) for key, c in result.items() if c)


def text(orders: Orders, names: Sequence[str]) -> str:
    """`g_x^2 - P_xx`: h_alpha as people write it, highest powers of g first."""
    terms = sorted(_hermite(orders), key=lambda item: (-sum(item[0][0]), [-n for n in item[0][0]], item[0][1]))
    symbols = [f"g_{name}" for name in names], [f"P_{names[i]}{names[j]}" for i, j in pairs(len(orders))]
    result = ""
    for (g, p), c in terms:
        factors = [f"{symbol}^{n}" if n > 1 else symbol for symbol, n in zip([*symbols[0], *symbols[1]], [*g, *p]) if n]
        magnitude = [str(abs(c))] if abs(c) != 1 or not factors else []
        sign = (" - " if c < 0 else " + ") if result else ("-" if c < 0 else "")
        result += sign + "*".join([*magnitude, *factors])
    return result


def monomials(degree: int, dimension: int) -> tuple[Orders, ...]:
    """Multi-indices of total degree up to `degree`, lower degrees first."""
    everything = (m for m in product(range(degree + 1), repeat=dimension) if sum(m) <= degree)
    return tuple(sorted(everything, key=lambda m: (sum(m), [-n for n in m])))


def columns(degree: int, dimension: int) -> int:
    """Number of monomials of total degree up to `degree`: columns of the product that one jet of that order needs."""
    return comb(degree + dimension, dimension)
