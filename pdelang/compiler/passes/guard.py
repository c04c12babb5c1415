"""if(c, f(a), b) -> if(c, f(if(c, a, 1)), b) for every f that is singular somewhere.

Both branches of `jnp.where` are computed. Where the unused one is infinite or not a number, its cotangent 0 * inf would be
a NaN in every gradient; so the unused branch is evaluated at 1, where all these functions are finite.
"""

from __future__ import annotations

from typing import Any

import sympy

from pdelang.compiler import functions
from pdelang.compiler.passes.rewriting import rebuild
from pdelang.compiler.trees import applies, symbols

_SINGULAR = (sympy.log, sympy.asin, sympy.acos, sympy.exp, functions.sinh, functions.cosh, sympy.tan)


def guard(e: Any) -> Any:
    """Every branch of every `select` guarded, the inner ones first."""

    def rule(node: Any) -> Any:
        if node.func is not functions.select:
            return node
        condition, a, b = node.args
        return functions.select(condition, _safe(a, condition), _safe(b, functions.negation(condition)))

    return rebuild(e, rule) if applies(e, functions.select) else e


def _safe(branch: Any, condition: Any) -> Any:
    def rule(node: Any) -> Any:
        if node.func in _SINGULAR and symbols(node):
            return node.func(_chosen(condition, node.args[0]))
        if node.is_Pow and symbols(node.args[0]) and not (node.args[1].is_Integer and node.args[1] > 0):
            return functions.power(_chosen(condition, node.args[0]), node.args[1])
        return node

    return rebuild(branch, rule)


def _chosen(condition: Any, argument: Any) -> Any:
    if condition.func is functions.negation:
        return functions.select(condition.args[0], sympy.S.One, argument)
    return functions.select(condition, argument, sympy.S.One)
