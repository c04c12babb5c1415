"""Building and walking resolved expressions. Every walk remembers nodes by identity, because definitions are shared.

Constructors fold nothing but what would only be noise: the negative of a number, a derivative of a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from pdelang.language.expressions import Apply, Constant, Coordinate, Derivative, Expr, Jet, Parameter

ZERO = Constant(Fraction(0))
ONE = Constant(Fraction(1))
PI = Constant("pi")


def number(value: int | Fraction) -> Constant:
    return Constant(Fraction(value))


def is_zero(expression: Expr) -> bool:
    return isinstance(expression, Constant) and expression.value == 0


def neg(a: Expr) -> Expr:
    if isinstance(a, Constant) and isinstance(a.value, Fraction):
        return Constant(-a.value)
    if isinstance(a, Apply) and a.function == "neg":
        return a.arguments[0]
    return Apply("neg", (a,))


def add(items: Sequence[Expr]) -> Expr:
    """The sum; zeros vanish, two items with a minus become a difference."""
    kept = [item for item in items if not is_zero(item)]
    if not kept:
        return ZERO
    if len(kept) == 1:
        return kept[0]
    if len(kept) == 2 and isinstance(kept[1], Apply) and kept[1].function == "neg":
        return Apply("sub", (kept[0], kept[1].arguments[0]))
    return Apply("add", tuple(kept))


def mul(items: Sequence[Expr]) -> Expr:
    kept = [item for item in items if item != ONE] if any(isinstance(item, Constant) for item in items) else list(items)
    if not kept:
        return ONE
    return kept[0] if len(kept) == 1 else Apply("mul", tuple(kept))


def square(a: Expr) -> Expr:
    return Apply("pow", (a, number(2)))


def children(node: Expr) -> tuple[Expr, ...]:
    if isinstance(node, Apply):
        return node.arguments
    return (node.operand,) if isinstance(node, Derivative) else ()


def walk(*roots: Expr) -> Iterator[Expr]:
    """Every node once, children before parents."""
    seen: set[int] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(child, False) for child in reversed(children(node))]


class Measure(NamedTuple):
    """size: number of nodes, definitions written out in full. depth: levels. nodes: number of nodes, shared ones once."""

    size: int
    depth: int
    nodes: int


def measure(*roots: Expr) -> Measure:
    """Each node is visited once, however large the size."""
    size: dict[int, int] = {}
    depth: dict[int, int] = {}
    for node in walk(*roots):
        below = children(node)
        size[id(node)] = 1 + sum(size[id(child)] for child in below)
        depth[id(node)] = 1 + max((depth[id(child)] for child in below), default=0)
    return Measure(sum(size[id(root)] for root in roots), max((depth[id(root)] for root in roots), default=0), len(size))


def jets(*roots: Expr) -> list[Jet]:
    """The jets that occur as they are written, without repetition: `Derivative` is not expanded."""
    return list(dict.fromkeys(node for node in walk(*roots) if isinstance(node, Jet)))


def fields(*roots: Expr) -> set[int]:
    return {jet.field for jet in jets(*roots)}


def is_constant(expression: Expr) -> bool:
    """Free of coordinates, fields and parameters."""
    return all(not isinstance(node, (Coordinate, Jet, Parameter)) for node in walk(expression))


def is_uniform(expression: Expr) -> bool:
    """Free of coordinates and fields: its derivatives vanish."""
    return all(not isinstance(node, (Coordinate, Jet)) for node in walk(expression))


def derivative(expression: Expr, orders: tuple[int, ...]) -> Expr:
    """D^orders: moved into jets, sums and constant factors, else left as `Derivative` to be expanded by the compiler."""
    if not any(orders):
        return expression
    memory: dict[int, Expr] = {}
    uniform = {id(node): is_leaf_uniform(node) for node in walk(expression) if not children(node)}
    for node in walk(expression):
        if children(node):
            uniform[id(node)] = all(uniform[id(child)] for child in children(node))
        memory[id(node)] = _differentiated(node, orders, memory, uniform)
    return memory[id(expression)]


def is_leaf_uniform(node: Expr) -> bool:
    return not isinstance(node, (Coordinate, Jet)) and not (isinstance(node, Apply) and node.function == "source")


def _differentiated(node: Expr, orders: tuple[int, ...], memory: dict[int, Expr], uniform: dict[int, bool]) -> Expr:
    if uniform[id(node)]:
        return ZERO
    if isinstance(node, Jet):
        return Jet(node.field, tuple(a + b for a, b in zip(node.orders, orders)), node.place)
    if isinstance(node, Derivative):
        return Derivative(node.operand, tuple(a + b for a, b in zip(node.orders, orders)))
    if isinstance(node, Coordinate):
        return ONE if sum(orders) == 1 and orders[node.index] else ZERO
    if not isinstance(node, Apply):
        return ZERO
    if node.function in ("add", "sub", "neg"):
        parts = [memory[id(child)] for child in node.arguments]
        if node.function == "sub":
            return add([parts[0], neg(parts[1])])
        return neg(parts[0]) if node.function == "neg" else add(parts)
    varying = [i for i, child in enumerate(node.arguments) if not uniform[id(child)]]
    if (node.function == "mul" and len(varying) == 1) or (node.function == "div" and varying == [0]):
        inner = memory[id(node.arguments[varying[0]])]
        if is_zero(inner):
            return ZERO
        parts = list(node.arguments)
        parts[varying[0]] = inner
        return mul(parts) if node.function == "mul" else Apply("div", tuple(parts))
    return Derivative(node, orders)


def total_orders(*roots: Expr) -> list[tuple[int, tuple[int, ...]]]:
    """(field, orders) of every jet that occurs once `Derivative` is expanded: its highest orders, enclosing derivatives added."""
    reached: dict[int, dict[int, tuple[int, ...]]] = {}
    for node in walk(*roots):
        here: dict[int, tuple[int, ...]] = {}
        if isinstance(node, Jet):
            here[node.field] = node.orders
        else:
            raised = node.orders if isinstance(node, Derivative) else None
            for child in children(node):
                for field, orders in reached[id(child)].items():
                    more = orders if raised is None else tuple(a + b for a, b in zip(orders, raised))
                    here[field] = tuple(max(a, b) for a, b in zip(here.get(field, more), more))
        reached[id(node)] = here
    return [(field, orders) for root in roots for field, orders in reached[id(root)].items()]


def highest_order(*roots: Expr) -> int:
    """Highest total order of a derivative, `Derivative` expanded."""
    reached: dict[int, int] = {}
    for node in walk(*roots):
        below = max((reached[id(child)] for child in children(node)), default=0)
        own = sum(node.orders) if isinstance(node, (Jet, Derivative)) else 0
        reached[id(node)] = below + own
    return max((reached[id(root)] for root in roots), default=0)


def with_exact(expression: Expr, exact: Mapping[int, Expr]) -> Expr:
    """Jets of the fields in `exact` become derivatives of their expressions."""

    def replaced(node: Expr) -> Expr | None:
        return derivative(exact[node.field], node.orders) if isinstance(node, Jet) and node.field in exact else None

    return _rewritten(expression, replaced)


def at_place(expression: Expr, place: int, fixed: Mapping[int, Expr]) -> Expr | None:
    """The expression at another place: jets are counted to it, coordinates that it fixes get their values.

    None where a fixed coordinate stands under a derivative, which would have to be taken first.
    """
    if any(isinstance(node, Coordinate) and node.index in fixed for d in walk(expression) if isinstance(d, Derivative) for node in walk(d)):
        return None

    def replaced(node: Expr) -> Expr | None:
        if isinstance(node, Jet):
            return Jet(node.field, node.orders, place)
        return fixed.get(node.index) if isinstance(node, Coordinate) else None

    return _rewritten(expression, replaced)


def _rewritten(expression: Expr, replaced: Callable[[Expr], Expr | None]) -> Expr:
    memory: dict[int, Expr] = {}
    for node in walk(expression):
        new = replaced(node)
        memory[id(node)] = _rebuilt(node, memory) if new is None else new
    return memory[id(expression)]


def _rebuilt(node: Expr, memory: dict[int, Expr]) -> Expr:
    new = tuple(memory[id(child)] for child in children(node))
    if all(a is b for a, b in zip(new, children(node))):
        return node
    match node:
        case Derivative(_, orders):
            return derivative(new[0], orders)
        case Apply(function, _):
            return Apply(function, new)
    return node
