"""The functions and operators of the language: one row each, read by semantics, compiler and documentation alike.

A `Function` acts on scalars and stays in resolved expressions as `Apply(name, arguments)`. An `Operator` acts on fields
and vectors, and is gone after semantics. To add a function is to add a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """A function of real scalars.

    least, most: number of arguments in the text (`most` None: any number; then folded into pairs).
    sympy: attribute of `sympy`. jax: expression over jax.numpy as `jnp` and jax.scipy.special as `special`, `{0}`, `{1}` its arguments.
    derivative: in each argument, in the language's own syntax, arguments `a`, `b`; almost everywhere where it has kinks;
        None: SymPy's rule is right as it stands.
    domain: where the value is real and finite, in the arguments `a`, `b`; empty: everywhere.
    boolean: gives a truth value (comparisons and logic).
    """

    name: str
    least: int
    most: int | None
    sympy: str
    jax: str
    python: Callable[..., float]
    derivative: tuple[str, ...] | None = None
    domain: str = ""
    boolean: bool = False


@dataclass(frozen=True)
class Operator:
    """An operator on fields, vectors or statements. usage: how it is written, for messages; meaning: in words."""

    name: str
    least: int
    most: int | None
    usage: str
    meaning: str


def _sech(a: float) -> float:
    return 1.0 / math.cosh(a) if abs(a) < 700.0 else 0.0


def _sign(a: float) -> float:
    return float((a > 0) - (a < 0))


def _heaviside(a: float) -> float:
    return 0.5 * (1.0 + _sign(a))


def _elementary(
    name: str, sympy: str, jax: str, python: Callable[..., float], derivative: tuple[str, ...] | None = None, domain: str = ""
) -> Function:
    return Function(name, 1, 1, sympy, f"{jax}({{0}})", python, derivative, domain)


_FUNCTIONS: tuple[Function, ...] = (
    _elementary("sin", "sin", "jnp.sin", math.sin),
    _elementary("cos", "cos", "jnp.cos", math.cos),
    _elementary("tan", "tan", "jnp.tan", math.tan, domain="cos(a) != 0"),
    _elementary("asin", "asin", "jnp.arcsin", math.asin, domain="abs(a) <= 1"),
    _elementary("acos", "acos", "jnp.arccos", math.acos, domain="abs(a) <= 1"),
    _elementary("atan", "atan", "jnp.arctan", math.atan),
    Function("atan2", 2, 2, "atan2", "jnp.arctan2({0}, {1})", math.atan2, domain="a != 0 or b != 0"),
    _elementary("sinh", "sinh", "jnp.sinh", math.sinh),
    _elementary("cosh", "cosh", "jnp.cosh", math.cosh),
    _elementary("tanh", "tanh", "jnp.tanh", math.tanh),
    Function("sech", 1, 1, "sech", "(1 / jnp.cosh({0}))", _sech),
    _elementary("exp", "exp", "jnp.exp", math.exp),
    _elementary("log", "log", "jnp.log", math.log, domain="a > 0"),
    _elementary("sqrt", "sqrt", "jnp.sqrt", math.sqrt, domain="a >= 0"),
    _elementary("abs", "Abs", "jnp.abs", abs, derivative=("sign(a)",)),
    _elementary("sign", "sign", "jnp.sign", _sign, derivative=("0",)),
    Function("min", 2, None, "Min", "jnp.minimum({0}, {1})", min, derivative=("heaviside(b - a)", "heaviside(a - b)")),
    Function("max", 2, None, "Max", "jnp.maximum({0}, {1})", max, derivative=("heaviside(a - b)", "heaviside(b - a)")),
    _elementary("erf", "erf", "special.erf", math.erf),
    Function("heaviside", 1, 1, "Heaviside", "jnp.heaviside({0}, 0.5)", _heaviside, derivative=("0",)),
)

# What the syntax's operators become. `add` and `mul` take any number of arguments, two or more; all others as said.
_ARITHMETIC: tuple[Function, ...] = (
    Function("add", 2, None, "Add", "({0} + {1})", lambda *a: math.fsum(a)),
    Function("mul", 2, None, "Mul", "({0} * {1})", lambda *a: math.prod(a)),
    Function("sub", 2, 2, "Add", "({0} - {1})", lambda a, b: a - b, derivative=("1", "-1")),
    Function("div", 2, 2, "Mul", "({0} / {1})", lambda a, b: a / b, domain="b != 0"),
    Function("pow", 2, 2, "Pow", "({0} ** {1})", math.pow, domain="a > 0 or (b is a whole number and (a != 0 or b >= 0))"),
    Function("neg", 1, 1, "Mul", "(-{0})", lambda a: -a, derivative=("-1",)),
)

_LOGIC: tuple[Function, ...] = (
    Function("lt", 2, 2, "StrictLessThan", "({0} < {1})", lambda a, b: a < b, boolean=True),
    Function("le", 2, 2, "LessThan", "({0} <= {1})", lambda a, b: a <= b, boolean=True),
    Function("gt", 2, 2, "StrictGreaterThan", "({0} > {1})", lambda a, b: a > b, boolean=True),
    Function("ge", 2, 2, "GreaterThan", "({0} >= {1})", lambda a, b: a >= b, boolean=True),
    Function("eq", 2, 2, "Equality", "({0} == {1})", lambda a, b: a == b, boolean=True),
    Function("ne", 2, 2, "Unequality", "({0} != {1})", lambda a, b: a != b, boolean=True),
    Function("and", 2, None, "And", "({0} & {1})", lambda *a: all(a), boolean=True),
    Function("or", 2, None, "Or", "({0} | {1})", lambda *a: any(a), boolean=True),
    Function("not", 1, 1, "Not", "(~{0})", lambda a: not a, boolean=True),
)

# `if` chooses between values: its condition is a truth value; `source` is what `source(exact)` leaves behind.
_SPECIAL: tuple[Function, ...] = (
    Function("if", 3, 3, "Piecewise", "jnp.where({0}, {1}, {2})", lambda c, a, b: a if c else b),
    Function("source", 0, 0, "", "", lambda: math.nan),
)

FUNCTIONS: dict[str, Function] = {row.name: row for row in (*_FUNCTIONS, *_ARITHMETIC, *_LOGIC, *_SPECIAL)}
"""Every name that may stand in `Apply.function`."""

CALLABLE: frozenset[str] = frozenset([*(row.name for row in _FUNCTIONS), "if"])
"""The functions that a program calls by name and that give a scalar of scalars."""

_OPERATORS: tuple[Operator, ...] = (
    Operator("d", 2, None, "d(e, x), d(e, x, 2), d(e, x, y)", "the derivative of any expression"),
    Operator("dn", 1, 1, "dn(u)", "the outward normal derivative, in `on PLACE: ...`"),
    Operator("grad", 1, 1, "grad(u)", "the gradient in the space coordinates"),
    Operator("div", 1, 1, "div(F)", "the divergence of a vector"),
    Operator("laplacian", 1, 1, "laplacian(u)", "the sum of the second space derivatives, component by component"),
    Operator("curl", 1, 1, "curl(F)", "the rotation of a vector"),
    Operator("dot", 2, 2, "dot(a, b)", "the inner product"),
    Operator("cross", 2, 2, "cross(a, b)", "the vector product"),
    Operator("norm", 1, 1, "norm(a)", "the Euclidean length"),
    Operator("source", 1, 1, "source(exact)", "the right-hand side that makes the exact solution true"),
    Operator("integral", 1, 1, "integral(e) = value", "the integral over space"),
)

OPERATORS: dict[str, Operator] = {row.name: row for row in _OPERATORS}

BINARY: dict[str, str] = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "and": "and", "or": "or"}
COMPARISONS: dict[str, str] = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}

# What other systems call things, and what they are called here.
FOREIGN: dict[str, str] = {
    "ln": "log(a)",
    "arcsin": "asin(a)",
    "arccos": "acos(a)",
    "arctan": "atan(a)",
    "arctan2": "atan2(a, b)",
    "pow": "a^b",
    "sgn": "sign(a)",
    "fabs": "abs(a)",
    "lap": "laplacian(u)",
    "Laplacian": "laplacian(u)",
    "Delta": "laplacian(u)",
    "nabla": "grad(u)",
    "gradient": "grad(u)",
    "divergence": "div(F)",
    "diff": "d(e, x)",
    "D": "d(e, x)",
    "Derivative": "d(e, x)",
    "where": "if(condition, a, b)",
    "e": "exp(1)",
    "E": "exp(1)",
    "Pi": "pi",
    "PI": "pi",
    "π": "pi",
}
