"""Walks over SymPy expressions that share subexpressions.

SymPy's own `free_symbols`, `has` and `xreplace` go through an expression as if every occurrence were written out: n definitions that use
the one before twice cost them 2^n steps. These remember what they have seen, and take a step a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

REMEMBERED = 1 << 17
"""Nodes whose symbols are remembered: more than one program may have."""

NONE: frozenset[Any] = frozenset()


@lru_cache(maxsize=REMEMBERED)
def symbols(e: Any) -> frozenset[Any]:
    """The symbols that occur in `e`."""
    if e.is_Symbol:
        return frozenset({e})
    found = NONE
    for child in map(symbols, e.args):
        found = found if child <= found else child if found <= child else found | child
    return found


@lru_cache(maxsize=REMEMBERED)
def written(e: Any) -> int:
    """Nodes of an expression written out in full: what a text of it costs."""
    return 1 + sum(map(written, e.args))


def applies(e: Any, head: type) -> bool:
    """A function `head` is applied somewhere in `e`."""
    seen: set[Any] = set()
    stack = [e]
    while stack:
        e = stack.pop()
        if e.func is head:
            return True
        if e not in seen:
            seen.add(e)
            stack.extend(e.args)
    return False


def size(e: Any) -> int:
    """Nodes of an expression, shared ones once."""
    seen: set[Any] = set()
    stack = [e]
    while stack:
        e = stack.pop()
        if e not in seen:
            seen.add(e)
            stack.extend(e.args)
    return len(seen)


def _rebuilt(e: Any, arguments: list[Any]) -> Any:
    """The same function of other arguments, as written; constants are worked out. (SymPy's own rewriting costs a millisecond a sine.)"""
    return e.func(*arguments, evaluate=False) if e.is_Function and any(map(symbols, arguments)) else e.func(*arguments)


def replace(e: Any, new: Mapping[Any, Any], spend: Callable[[int], None] | None = None) -> Any:
    """`e` with symbols replaced; what holds none of them is returned itself. `spend` is told how many nodes are built."""
    memory: dict[Any, Any] = {}

    def visit(e: Any) -> Any:
        if e.is_Symbol:
            return new.get(e, e)
        if symbols(e).isdisjoint(new):
            return e
        if e not in memory:
            if spend is not None:
                spend(1 + len(e.args))
            memory[e] = _rebuilt(e, [visit(a) for a in e.args])
        return memory[e]

    return visit(e)
