"""Vectors as nested tuples of resolved scalars, and the operators on them: sizes are checked here, places in the text elsewhere.

A vector is a tuple, its gradient a tuple of tuples: grad(U)[i][j] = d_i U_j. `dot` contracts the last index of its first
argument with the first index of its second, so dot(U, grad(U))_j = sum_i U_i d_i U_j convects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Union

from pdelang.language import algebra
from pdelang.language.builtins import FUNCTIONS
from pdelang.language.expressions import Apply, Expr

Value = Union[Expr, tuple["Value", ...]]  # noqa: UP007  (recursive: `|` would need the name at run time)
Shape = tuple[int, ...]


class ShapeError(Exception):
    """The sizes do not fit; its text says why, in the user's words."""


def shape(value: Value) -> Shape:
    return (len(value), *shape(value[0])) if isinstance(value, tuple) else ()


def described(value: Value) -> str:
    if not isinstance(value, tuple):
        return "a truth value" if is_boolean(value) else "a number"
    lengths = shape(value)
    return f"a vector of {lengths[0]} components" if len(lengths) == 1 else "a matrix"


def is_boolean(value: Value) -> bool:
    return isinstance(value, Apply) and FUNCTIONS[value.function].boolean


def vector(items: Sequence[Value]) -> Value:
    """A vector of one component is its component."""
    return items[0] if len(items) == 1 else tuple(items)


def leaves(value: Value) -> list[Expr]:
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, tuple) else [value]


def each(function: Callable[[Expr], Expr], value: Value) -> Value:
    return tuple(each(function, item) for item in value) if isinstance(value, tuple) else function(value)


def total(values: Sequence[Value]) -> Value:
    """The sum, component by component; the number 0 fits any shape."""
    lengths = {shape(value) for value in values if not (isinstance(value, Expr) and algebra.is_zero(value))}
    if len(lengths) > 1:
        names = list(dict.fromkeys(described(value) for value in values if shape(value) in lengths))
        raise ShapeError(f"{names[0]} and {names[1]} cannot be added" if len(names) > 1 else "matrices of different sizes cannot be added")
    kept = [value for value in values if shape(value) in lengths]
    if not kept:
        return algebra.ZERO
    if not isinstance(kept[0], tuple):
        return algebra.add([value for value in kept if isinstance(value, Expr)])
    return tuple(map(total, zip(*(value for value in kept if isinstance(value, tuple)))))


def product(values: Sequence[Value]) -> Value:
    """Numbers times at most one vector."""
    vectors = [value for value in values if isinstance(value, tuple)]
    if len(vectors) > 1:
        raise ShapeError("two vectors are multiplied by `dot(a, b)` or `cross(a, b)`")
    if not vectors:
        return algebra.mul([value for value in values if isinstance(value, Expr)])
    where = next(i for i, value in enumerate(values) if isinstance(value, tuple))
    scalars = [value if isinstance(value, Expr) else algebra.ONE for value in values]

    def scaled(item: Expr) -> Expr:
        return algebra.mul([*scalars[:where], item, *scalars[where + 1 :]])

    return each(scaled, vectors[0])


def dot(a: Value, b: Value) -> Value:
    if isinstance(a, Expr) and isinstance(b, Expr):
        return _times(a, b)
    if not (isinstance(a, tuple) and isinstance(b, tuple)):
        raise ShapeError(f"`dot` takes two vectors, not {described(a)} and {described(b)}")
    if isinstance(a[0], tuple):
        return tuple(dot(row, b) for row in a)
    if len(a) != len(b):
        raise ShapeError(f"`dot` of {len(a)} and {len(b)} components")
    return total([_times(p, q) if isinstance(p, Expr) and isinstance(q, Expr) else product([p, q]) for p, q in zip(a, b)])


def _times(a: Expr, b: Expr) -> Expr:
    """A product that vanishes with a factor, so that dot(U, (0, 1)) is one component."""
    return algebra.ZERO if algebra.is_zero(a) or algebra.is_zero(b) else algebra.mul([a, b])


def _scalars(value: Value, name: str, lengths: Sequence[int]) -> list[Expr]:
    items = [item for item in value if isinstance(item, Expr)] if isinstance(value, tuple) else []
    if len(items) not in lengths:
        wanted = " or ".join(str(n) for n in lengths)
        raise ShapeError(f"`{name}` takes vectors of {wanted} components, not {described(value)}")
    return items


def cross(a: Value, b: Value) -> Value:
    """In two dimensions the third component alone."""
    p, q = _scalars(a, "cross", (2, 3)), _scalars(b, "cross", (2, 3))
    if len(p) != len(q):
        raise ShapeError(f"`cross` of {len(p)} and {len(q)} components")

    def component(i: int, j: int) -> Expr:
        return algebra.add([_times(p[i], q[j]), algebra.neg(_times(p[j], q[i]))])

    return component(0, 1) if len(p) == 2 else (component(1, 2), component(2, 0), component(0, 1))


def norm(a: Value) -> Expr:
    if not isinstance(a, tuple):
        return Apply("abs", (a,))
    return Apply("sqrt", (algebra.add([algebra.square(item) for item in leaves(a)]),))


Partial = Callable[[Expr, int], Expr]
"""(e, i) -> the derivative of e in space coordinate i."""


def _along(i: int, partial: Partial) -> Callable[[Expr], Expr]:
    return lambda e: partial(e, i)


def grad(a: Value, space: Sequence[int], partial: Partial) -> Value:
    if len(shape(a)) > 1:
        raise ShapeError("`grad` takes a number or a vector, not a matrix")
    return vector([each(_along(i, partial), a) for i in space])


def div(a: Value, space: Sequence[int], partial: Partial) -> Value:
    items = a if isinstance(a, tuple) else (a,)
    if len(items) != len(space):
        raise ShapeError(f"`div` takes a vector of {len(space)} components, one for each space coordinate, not {described(a)}")
    return total([each(_along(i, partial), item) for i, item in zip(space, items)])


def laplacian(a: Value, space: Sequence[int], partial: Partial) -> Value:
    return each(lambda e: algebra.add([partial(partial(e, i), i) for i in space]), a)


def curl(a: Value, space: Sequence[int], partial: Partial) -> Value:
    """Three components of three; in the plane a number of a vector, and a vector of a number."""
    if len(space) == 2 and not isinstance(a, tuple):
        return (partial(a, space[1]), algebra.neg(partial(a, space[0])))
    if len(space) not in (2, 3):
        raise ShapeError("`curl` needs two or three space coordinates")
    f = _scalars(a, "curl", (len(space),))

    def component(i: int, j: int) -> Expr:
        return algebra.add([partial(f[j], space[i]), algebra.neg(partial(f[i], space[j]))])

    return component(0, 1) if len(space) == 2 else (component(1, 2), component(2, 0), component(0, 1))
