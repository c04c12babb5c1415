"""A slow, plain interpreter of resolved expressions in floats: for checks, never for solving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pdelang.language.algebra import children, walk
from pdelang.language.builtins import FUNCTIONS
from pdelang.language.expressions import Apply, Constant, Coordinate, Derivative, Expr, Jet, Parameter


class UndefinedError(ArithmeticError):
    """The expression has no finite real value here, or holds something that this interpreter does not know."""


@dataclass(frozen=True)
class Values:
    """What the leaves stand for: `parameters[i]` holds one number a component; `jets` numbers for whole jets."""

    coordinates: Sequence[float] = ()
    parameters: Sequence[Sequence[float]] = ()
    jets: Mapping[Jet, float] = field(default_factory=dict)


def evaluate(expression: Expr, values: Values) -> float:
    """The value (truth values as 0 and 1). Raises UndefinedError where it is not finite, or a derivative is left in it."""
    memory: dict[int, float] = {}
    # `if` protects its branches, as it does in the compiled code: a branch that is not taken may be undefined.
    for node in walk(expression):
        try:
            memory[id(node)] = _value(node, values, memory)
        except (ArithmeticError, ValueError, LookupError, TypeError):
            memory[id(node)] = math.nan
    result = memory[id(expression)]
    if not math.isfinite(result):
        raise UndefinedError
    return result


def _value(node: Expr, values: Values, memory: dict[int, float]) -> float:
    if isinstance(node, Constant):
        return math.pi if node.value == "pi" else float(node.value)
    if isinstance(node, Coordinate):
        return values.coordinates[node.index]
    if isinstance(node, Parameter):
        return values.parameters[node.index][node.component or 0]
    if isinstance(node, Jet):
        return values.jets[node]
    if isinstance(node, Derivative) or not isinstance(node, Apply):
        return math.nan
    arguments = [memory[id(child)] for child in children(node)]
    if node.function != "if" and any(math.isnan(a) for a in arguments):
        return math.nan
    if node.function == "if" and math.isnan(arguments[0]):
        return math.nan
    return float(FUNCTIONS[node.function].python(*arguments))
