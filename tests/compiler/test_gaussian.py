"""Multivariate Hermite polynomials against SymPy's derivatives."""

from __future__ import annotations

import pytest
import sympy

from pdelang.compiler.gaussian import columns, hermite, monomials, pairs, text


def as_sympy(orders: tuple[int, ...]) -> tuple[sympy.Expr, sympy.Expr]:
    """h from the recurrence and from differentiating exp(-y.P y/2), both in y and P."""
    d = len(orders)
    y = sympy.symbols(f"y0:{d}")
    entries = {pair: sympy.Symbol(f"P{pair[0]}{pair[1]}") for pair in pairs(d)}
    g = [sum(entries[min(i, j), max(i, j)] * y[j] for j in range(d)) for i in range(d)]
    ours = sum(
        c * sympy.prod([x**n for x, n in zip(g, powers)]) * sympy.prod([e**n for e, n in zip(entries.values(), p)])
        for (powers, p), c in hermite(orders).items()
    )
    phi = sympy.exp(-sum(a * b for a, b in zip(g, y)) / 2)
    return ours, sympy.diff(phi, *zip(y, orders)) / phi


@pytest.mark.parametrize("orders", [(1,), (5,), (8,), (1, 0), (1, 2), (3, 1), (2, 2), (1, 1, 1), (0, 2, 1), (1, 0, 1, 2)])
def test_recurrence_is_the_derivative(orders: tuple[int, ...]) -> None:
    ours, exact = as_sympy(orders)
    assert sympy.expand(ours - exact) == 0


def test_text_reads_like_mathematics() -> None:
    assert text((0, 0), "xt") == "1"
    assert text((1, 0), "xt") == "-g_x"
    assert text((2, 0), "xt") == "g_x^2 - P_xx"
    assert text((1, 1), "xt") == "g_x*g_t - P_xt"
    assert text((3, 0), "xt") == "-g_x^3 + 3*g_x*P_xx"


def test_monomials_of_a_degree_stand_before_those_of_the_next() -> None:
    assert monomials(2, 2) == ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    for d in (1, 2, 3, 4):
        for degree in range(5):
            assert len(monomials(degree, d)) == columns(degree, d)
            assert monomials(degree + 1, d)[: columns(degree, d)] == monomials(degree, d)
