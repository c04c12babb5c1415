"""Printed text means what the expression means, and reads as a person would write it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.scipy import special

from pdelang.compiler import functions, values
from pdelang.compiler.naming import Scope
from pdelang.compiler.passes.cse import WIDTH, Statements, shared
from pdelang.compiler.passes.guard import guard
from pdelang.compiler.passes.reciprocals import reciprocals
from pdelang.compiler.printing import Printer
from pdelang.compiler.residual import NotRealError, check_real

X, Y, N = sympy.symbols("x y n", real=True)
NAMES = {"x": "x", "y": "y", "n": "n"}
R = sympy.Rational


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (X / 3, "x / 3"),
        (-X / 3, "-x / 3"),
        (X / 100, "0.01 * x"),
        (2 * sympy.pi**2 * X, "2 * jnp.pi**2 * x"),
        (sympy.exp(-(X**2) / 2), "jnp.exp(-0.5 * x**2)"),
        (X**2 / Y**2, "x**2 / y**2"),
        (1 / (X + Y), "1 / (x + y)"),
        (1 / sympy.sqrt(X), "1 / jnp.sqrt(x)"),
        ((X + Y) ** 2, "(x + y) ** 2"),
        (X - Y - 1, "x - 1 - y"),
        (-(X**2), "-(x**2)"),
        (X / (3 * Y), "x / (3 * y)"),
        ((-X) ** N, "(-x) ** n"),
        (X ** R(1, 3), "x**0.3333333333333333"),
        (sympy.sqrt(2) * X, "1.4142135623730951 * x"),
        (X + R(10) ** 400 / R(10) ** 399, "10 + x"),
        (R(1, 3), "1 / 3"),
        (functions.select(functions.less(X, 0), sympy.erf(X), Y), "jnp.where(x < 0, special.erf(x), y)"),
        (functions.both(functions.less(X, 0), functions.negation(functions.less(1, Y))), "jnp.logical_and(x < 0, jnp.logical_not(1 < y))"),
    ],
)
def test_text(e: sympy.Expr, text: str) -> None:
    assert Printer(dict(NAMES))(e) == text


LEAVES = st.sampled_from([X, Y, sympy.pi, R(1, 3), R(7, 10), sympy.Integer(2), sympy.Integer(-3)])
UNARY = [sympy.sin, sympy.cos, sympy.tanh, sympy.exp, sympy.sech, sympy.atan, sympy.erf, functions.absolute, functions.signum]
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1 + b**2),
    functions.minimum,
    functions.maximum,
    lambda a, b: functions.select(functions.less(a, b), a, b),
]
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda f, a: f(a), st.sampled_from(UNARY), inner),
        st.builds(lambda f, a, b: f(a, b), st.sampled_from(BINARY), inner, inner),
        st.builds(lambda a, n: a**n, inner, st.integers(2, 3)),
    ),
    max_leaves=12,
).filter(lambda e: is_real(e))


def is_real(e: sympy.Expr) -> bool:
    try:
        check_real([e])
    except NotRealError:
        return False
    return True


def run(expressions: list[sympy.Expr], x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Values by way of the emitted text."""
    printer = Printer(dict(NAMES))
    statements = Statements(printer, Scope(NAMES.values()))
    texts = statements([guard(reciprocals(e)) for e in expressions])
    for text in (*texts, *(text for _, text in statements.assignments)):
        assert len(text) <= WIDTH
    space = {"jnp": jnp, "special": special, "x": jnp.asarray(x), "y": jnp.asarray(y)}
    for name, text in statements.assignments:
        space[name] = eval(text, space)
    return [eval(text, space) * np.ones_like(x) for text in texts]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(TREES, min_size=1, max_size=3))
def test_emitted_text_agrees_with_the_interpreter(expressions: list[sympy.Expr]) -> None:
    x, y = np.array([-0.7, 0.2, 1.3]), np.array([0.4, -1.1, 0.9])
    for e, found in zip(expressions, run(expressions, x, y)):
        expected = values.evaluate(e, {X: x, Y: y}) * np.ones(3)
        finite = np.isfinite(expected) & (np.abs(expected) < 1e100)
        np.testing.assert_allclose(np.asarray(found)[finite], expected[finite], rtol=1e-9, atol=1e-9)


def test_the_same_text_in_any_order_of_hashes() -> None:
    e = sympy.sin(X + Y) * sympy.exp(X + Y) + sympy.sin(X + Y) ** 2
    printer = Printer(dict(NAMES))
    statements = Statements(printer, Scope(NAMES.values()))
    assert statements([e]) == ["sin_1**2 + sin_1 * jnp.exp(sum_1)"]
    assert statements.assignments == [("sum_1", "x + y"), ("sin_1", "jnp.sin(sum_1)")]


def test_what_is_cheap_gets_no_name() -> None:
    assert shared([X**2 + 2 * X, X**2 * Y + 2 * X]) == set()


def test_a_sum_of_many_terms_is_cut() -> None:
    e = sympy.Add(*(sympy.sin(k * X) * R(k, 7) for k in range(1, 301)))
    x = np.array([0.3, 0.4])
    np.testing.assert_allclose(run([e], x, x)[0], sum(k / 7 * np.sin(k * x) for k in range(1, 301)), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("branch", [sympy.log(X), sympy.sqrt(X), 1 / X, X ** R(3, 2), sympy.log(X) / X], ids=str)
def test_the_unused_branch_leaks_no_nan_into_gradients(branch: sympy.Expr) -> None:
    text = Printer(dict(NAMES))(guard(functions.select(functions.less(0, X), branch, Y)))
    f = eval(f"lambda x, y: {text}", {"jnp": jnp})
    for x in (-1.0, 0.0):
        assert jax.grad(f, argnums=(0, 1))(x, 2.0) == (0.0, 1.0)
