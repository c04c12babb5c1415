"""Bottom-up rewriting of an expression: children first, each shared subexpression once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def rebuild(e: Any, rule: Callable[[Any], Any], memory: dict[Any, Any] | None = None) -> Any:
    """`rule` maps a node whose children are already rewritten. An untouched expression is returned itself."""
    memory = {} if memory is None else memory

    def visit(e: Any) -> Any:
        if not e.args:
            return rule(e)
        if e not in memory:
            arguments = [visit(a) for a in e.args]
            same = all(new is old for new, old in zip(arguments, e.args))
            memory[e] = rule(e if same else e.func(*arguments))
        return memory[e]

    return visit(e)
