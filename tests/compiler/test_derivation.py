"""D is linear, obeys Leibniz and the chain rule; a total derivative agrees with differentiating the composed function."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
import sympy

from pdelang.compiler import functions, values
from pdelang.compiler.derivation import Budget, TooLargeError, partial, total
from pdelang.compiler.residual import Translator, symbols_of
from pdelang.language import builtins
from pdelang.language.expressions import Apply, Coordinate, Jet
from tests.compiler.handmade import burgers

X, Y = sympy.symbols("x y", real=True)
GENERATOR = np.random.default_rng(0)

EXPRESSIONS = (
    X * Y + sympy.sin(X * Y),
    sympy.exp(-(X**2)) / (1 + Y**2),
    sympy.sqrt(1 + X**2) * sympy.log(2 + X),
    (1 + X**2) ** Y,
    sympy.erf(X) * sympy.tanh(Y * X),
    sympy.sech(X) + sympy.atan(Y * X) + sympy.asin(X / 4) + sympy.acos(X * Y / 9),
    functions.absolute(X) * X,
    functions.minimum(X, Y) + functions.maximum(X * Y, Y),
    functions.arctangent2(X, Y),
    functions.select(functions.less(X, Y), X**2, sympy.cosh(Y * X)),
    functions.signum(X) + functions.step(Y - X),
    sympy.tan(X / 2) + sympy.cot(X),
)


@pytest.mark.parametrize("e", EXPRESSIONS, ids=str)
def test_partial_derivative_is_the_limit_of_quotients(e: sympy.Expr) -> None:
    x, y = GENERATOR.uniform(0.2, 0.9, (2, 20))
    h = 1e-6
    slope = partial(X, Budget())(e)
    quotient = (values.evaluate(e, {X: x + h, Y: y}) - values.evaluate(e, {X: x - h, Y: y})) / (2 * h)
    np.testing.assert_allclose(values.evaluate(slope, {X: x, Y: y}) * np.ones(20), quotient, atol=2e-8, rtol=1e-7)


def test_power_rule_is_finite_at_zero() -> None:
    n = sympy.Symbol("n", real=True)
    slope = partial(X, Budget())(X**n)
    assert values.evaluate(slope, {X: np.zeros(1), n: 2.0}) == [0.0]


def test_total_derivative_shifts_jets_and_sees_coordinates() -> None:
    symbols = symbols_of(burgers())
    x, nu = symbols.coordinates[0], symbols.parameters[0, None]
    u, u_x, u_xx = (symbols.jet(Jet(0, (n, 0))) for n in range(3))
    d = total(symbols, 0, Budget())
    assert d(nu) == 0
    assert d(d(u)) == u_xx
    assert sympy.expand(d(x * u**2 / 2) - (u**2 / 2 + x * u * u_x)) == 0


def test_derivatives_of_functions_commute() -> None:
    symbols = symbols_of(burgers())
    u = symbols.jet(Jet(0, (0, 0)))
    dx, dt = (total(symbols, i, Budget()) for i in range(2))
    e = sympy.sin(u) * symbols.coordinates[0] * symbols.coordinates[1]
    assert sympy.expand(dx(dt(e)) - dt(dx(e))) == 0


def test_a_budget_bounds_the_work() -> None:
    symbols = symbols_of(burgers())
    u, x = symbols.jet(Jet(0, (0, 0))), symbols.coordinates[0]
    e = sympy.sin(sympy.exp(u * x) * sympy.cos(u + x) * sympy.tanh(u * sympy.exp(x)))
    d = total(symbols, 0, Budget(2000))
    with pytest.raises(TooLargeError):
        reduce(lambda e, _: d(e), range(8), e)


def test_every_function_of_the_language_has_a_translation() -> None:
    own = {"pow", "source"}
    assert set(builtins.FUNCTIONS) - own <= set(functions.BUILDERS)


def test_values_agree_with_the_language_own() -> None:
    for name in sorted(builtins.CALLABLE - {"if", "min", "max", "atan2", "sqrt"}):
        row = functions.FUNCTIONS[name]
        assert row.numpy(0.3) == pytest.approx(builtins.FUNCTIONS[name].python(0.3), rel=1e-15)


def test_a_function_without_a_row_says_where_to_add_it() -> None:
    with pytest.raises(functions.MissingRowError, match="no row for `zeta` in FUNCTIONS of"):
        functions.of(sympy.zeta(X))
    with pytest.raises(functions.MissingRowError, match="no row for `zeta` in FUNCTIONS or BUILDERS"):
        Translator(symbols_of(burgers()), Budget())(Apply("zeta", (Coordinate(0),)))
