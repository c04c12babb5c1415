"""The language's functions as SymPy sees them: one row a function.

SymPy's own Abs, Max, Piecewise and relations rewrite themselves by assumption queries whose cost has no bound, and their
derivatives hold distributions. The classes here are inert: real-valued, derived piecewise, evaluated by one table.
Ordinary functions come from `language.builtins`, so a new one is one row there; what SymPy treats badly has its row here.
Predicates (comparisons, and, or, not) are inert functions too; they occur only in `select` and in `where`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy
from scipy import special

from pdelang.compiler.trees import symbols
from pdelang.language import builtins

Expr = sympy.Expr


class MissingRowError(LookupError):
    """Something that the language lets pass has no row in the compiler's tables: a programmer's mistake; the message says which to add."""


class InertBase(sympy.Function):
    """A real function that SymPy leaves as it is. Its printers find a base of functions only by a name that ends in Base."""

    is_real = True


class absolute(InertBase): ...  # noqa: N801 - SymPy's functions are lower case


class signum(InertBase): ...  # noqa: N801


class minimum(InertBase): ...  # noqa: N801


class maximum(InertBase): ...  # noqa: N801


class step(InertBase): ...  # noqa: N801


class arctangent2(InertBase): ...  # noqa: N801


class select(InertBase):  # noqa: N801
    """select(condition, a, b): a where the condition holds, else b."""


class less(InertBase): ...  # noqa: N801


class less_equal(InertBase): ...  # noqa: N801


class equal(InertBase): ...  # noqa: N801


class both(InertBase): ...  # noqa: N801


class either(InertBase): ...  # noqa: N801


class negation(InertBase): ...  # noqa: N801


class sinh(sympy.sinh):  # noqa: N801
    """SymPy asks hyperbolic functions whether they are real by expanding their argument's real part, which takes minutes for a few
    nested derivatives; these are real, and say nothing else."""

    is_real = True
    _eval_is_zero = _eval_is_finite = None


class cosh(sympy.cosh):  # noqa: N801
    is_real = True
    _eval_is_zero = _eval_is_finite = _eval_is_positive = _eval_is_nonnegative = None


class tanh(sympy.tanh):  # noqa: N801
    is_real = True
    _eval_is_zero = _eval_is_finite = None


class sech(sympy.sech):  # noqa: N801
    is_real = True
    _eval_is_zero = _eval_is_finite = None


REAL = {"sinh": sinh, "cosh": cosh, "tanh": tanh, "sech": sech}


def power(base: Any, exponent: Any) -> Any:
    """base^exponent, without SymPy's Abs: (x^2)^(1/2) would be one."""
    result = base**exponent
    return result.replace(sympy.Abs, absolute) if result.has(sympy.Abs) else result


PREDICATES = (less, less_equal, equal, both, either, negation)


@dataclass(frozen=True)
class Function:
    """One row. head: the SymPy class. build: SymPy arguments -> expression.

    differential: (arguments, their derivatives) -> derivative.
    jax: the name in emitted text. numpy, mpmath: values. latex: a format over the printed arguments.
    """

    head: type
    build: Callable[..., Any]
    differential: Callable[[Sequence[Any], Sequence[Any]], Any]
    jax: str
    numpy: Callable[..., Any]
    mpmath: Callable[..., Any]
    latex: str = ""


def _chain(*slopes: Callable[..., Any]) -> Callable[[Sequence[Any], Sequence[Any]], Any]:
    def differential(arguments: Sequence[Any], derivatives: Sequence[Any]) -> Any:
        return sympy.Add(*(slope(*arguments) * d for slope, d in zip(slopes, derivatives) if d != 0))

    return differential


def _flat(arguments: Sequence[Any], derivatives: Sequence[Any]) -> Any:
    return sympy.S.Zero


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    return a if a == b else select(condition, a, b)


def fold(head: type) -> Callable[..., Any]:
    """An n-ary function from a binary one."""

    def build(first: Any, *rest: Any) -> Any:
        for item in rest:
            first = head(first, item)
        return first

    return build


def _mp_step(x: Any) -> Any:
    return mpmath.mpf(1) / 2 if x == 0 else mpmath.mpf(int(x > 0))


def _where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b)


def _as_written(head: Any) -> Callable[..., Any]:
    """`head` without SymPy's own rewriting, which asks the assumptions 40 questions a call; constants are still worked out."""

    def build(*arguments: Any) -> Any:
        return head(*arguments, evaluate=not any(map(symbols, arguments)))

    return build


_sine, _cosine, _hyperbolic_sine, _hyperbolic_cosine, _hyperbolic_tangent = map(_as_written, (sympy.sin, sympy.cos, sinh, cosh, tanh))
_SLOPES: dict[str, Callable[..., Any]] = {
    "sin": _cosine,
    "cos": lambda x: -_sine(x),
    "sinh": _hyperbolic_cosine,
    "cosh": _hyperbolic_sine,
    "tanh": lambda x: 1 - _hyperbolic_tangent(x) ** 2,
}
"""Derivatives that SymPy would make of functions which it rewrites: three quarters of the time of a sum of a thousand sines."""


def _from_registry(row: builtins.Function) -> Function:
    """An ordinary function: SymPy knows its derivative, NumPy or SciPy its values under the name that JAX uses."""
    head = REAL.get(row.sympy) or getattr(sympy, row.sympy)
    jax = row.jax.split("(")[0]
    library, _, name = jax.partition(".")
    build = _as_written(head)
    slopes = [lambda *arguments, i=i: build(*arguments).fdiff(i) for i in range(1, row.least + 1)]
    return Function(
        head,
        build,
        _chain(*([_SLOPES[row.name]] if row.name in _SLOPES else slopes)),
        jax,
        getattr(special if library == "special" else np, name),
        getattr(mpmath, row.sympy),
    )


_OWN = {"sqrt", "sech", "atan2", "abs", "sign", "min", "max", "heaviside", "if"}
"""Callable functions that have a row of their own below, or are powers."""

FUNCTIONS: dict[str, Function] = {
    **{name: _from_registry(builtins.FUNCTIONS[name]) for name in sorted(builtins.CALLABLE - _OWN)},
    # tan(x + pi/2) becomes -cot(x) by itself. It and sech are printed as reciprocals (passes/reciprocals.py).
    "cot": Function(sympy.cot, sympy.cot, _chain(lambda x: -1 - sympy.cot(x) ** 2), "", lambda x: 1 / np.tan(x), mpmath.cot),
    "sech": Function(
        sech,
        _as_written(sech),
        _chain(lambda x: -sech(x, evaluate=False) * _hyperbolic_tangent(x)),
        "",
        lambda x: 1 / np.cosh(x),
        mpmath.sech,
    ),
    "atan2": Function(
        arctangent2,
        arctangent2,
        _chain(lambda y, x: x / (x**2 + y**2), lambda y, x: -y / (x**2 + y**2)),
        "jnp.arctan2",
        np.arctan2,
        mpmath.atan2,
        r"\operatorname{{atan2}}\left({}, {}\right)",
    ),
    "abs": Function(absolute, absolute, _chain(signum), "jnp.abs", np.abs, abs, r"\left|{}\right|"),
    "sign": Function(signum, signum, _flat, "jnp.sign", np.sign, mpmath.sign, r"\operatorname{{sign}}\left({}\right)"),
    "min": Function(
        minimum,
        fold(minimum),
        lambda a, d: _chosen(less(*a), *d),
        "jnp.minimum",
        np.minimum,
        min,
        r"\min\left({}, {}\right)",
    ),
    "max": Function(
        maximum,
        fold(maximum),
        lambda a, d: _chosen(less(*a), d[1], d[0]),
        "jnp.maximum",
        np.maximum,
        max,
        r"\max\left({}, {}\right)",
    ),
    "heaviside": Function(step, step, _flat, "", lambda x: np.heaviside(x, 0.5), _mp_step, r"H\left({}\right)"),
    "if": Function(
        select,
        select,
        lambda a, d: _chosen(a[0], d[1], d[2]),
        "jnp.where",
        _where,
        lambda c, a, b: a if c else b,
        r"\left[{} \,?\, {} : {}\right]",
    ),
    "lt": Function(less, less, _flat, "<", np.less, lambda a, b: a < b, "{} < {}"),
    "le": Function(less_equal, less_equal, _flat, "<=", np.less_equal, lambda a, b: a <= b, r"{} \le {}"),
    "eq": Function(equal, equal, _flat, "==", np.equal, lambda a, b: a == b, "{} = {}"),
    "and": Function(both, fold(both), _flat, "", np.logical_and, lambda a, b: a and b, r"{} \wedge {}"),
    "or": Function(either, fold(either), _flat, "", np.logical_or, lambda a, b: a or b, r"{} \vee {}"),
    "not": Function(negation, negation, _flat, "", np.logical_not, lambda a: not a, r"\neg {}"),
}

BUILDERS: dict[str, Callable[..., Any]] = {
    **{name: row.build for name, row in FUNCTIONS.items()},
    "add": lambda *a: sympy.Add(*a),
    "sub": lambda a, b: a - b,
    "mul": lambda *a: sympy.Mul(*a),
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "sqrt": lambda a: power(a, sympy.S.Half),
    "gt": lambda a, b: less(b, a),
    "ge": lambda a, b: less_equal(b, a),
    "ne": lambda a, b: negation(equal(a, b)),
}
"""Canonical names of `language.builtins` -> SymPy. `pow` is in residual.py, because it is bounded there; `source` too."""

BY_HEAD: dict[type, Function] = {row.head: row for row in FUNCTIONS.values()}
BY_HEAD |= {getattr(sympy, name): BY_HEAD[head] for name, head in REAL.items()}


def of(expression: Any) -> Function:
    """The row of an applied function; raises MissingRowError for a SymPy class that has none."""
    try:
        return BY_HEAD[expression.func]
    except KeyError:
        raise MissingRowError(f"no row for `{expression.func.__name__}` in FUNCTIONS of compiler.functions: add one") from None
