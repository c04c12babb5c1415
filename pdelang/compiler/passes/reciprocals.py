"""sech a -> 1/cosh a, cot a -> 1/tan a: functions that JAX does not have. 1/cosh overflows to the right limit, 0."""

from __future__ import annotations

from typing import Any

import sympy

from pdelang.compiler import functions
from pdelang.compiler.passes.rewriting import rebuild

_RECIPROCAL = {functions.sech: functions.cosh, sympy.sech: functions.cosh, sympy.cot: sympy.tan}


def reciprocals(e: Any) -> Any:
    def rule(node: Any) -> Any:
        other = _RECIPROCAL.get(node.func)
        return node if other is None else 1 / other(*node.args)

    return rebuild(e, rule)
