"""The more specific place wins: a condition on one face takes the place of one that `on boundary` puts there.

A face has room for half the order of the field in its coordinate (rounded up): one condition for a second derivative, two for a
fourth. Conditions on the face itself come first; those of `on boundary` fill what room is left. A condition with `where` wins
only where it holds, and those of `on boundary` that share a face by their `where` have one room together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pdelang.language import algebra
from pdelang.language.expressions import Apply, Expr
from pdelang.language.problem import Equation

Key = tuple[int, Expr, frozenset[int]]
"""Coordinate that a face fixes, its value, and the fields that a condition holds."""


@dataclass
class _Face:
    specific: list[Equation] = field(default_factory=list)
    general: list[int] = field(default_factory=list)


def settle(conditions: Sequence[Equation], general: frozenset[int], orders: Mapping[int, tuple[int, ...]]) -> list[Equation]:
    """The conditions without those that a more specific one replaces. general: which of them `on boundary` made, by position.

    orders: per field the highest order in each coordinate.
    """
    faces: dict[Key, _Face] = defaultdict(_Face)
    for position, condition in enumerate(conditions):
        key = _key(condition)
        if key is not None and position in general:
            faces[key].general.append(position)
        elif key is not None:
            faces[key].specific.append(condition)
    result: list[Equation | None] = list(conditions)
    for (index, _, fields), face in faces.items():
        if face.specific and face.general:
            room = max(-(-orders[f][index] // 2) for f in fields)
            _settle_face(face, room, result)
    return [condition for condition in result if condition is not None]


def _key(condition: Equation) -> Key | None:
    fixed = [(i, entry) for i, entry in enumerate(condition.places[0]) if entry is not None]
    if condition.kind != "boundary" or len(fixed) != 1:
        return None
    return (*fixed[0], frozenset(f for term in condition.terms for f in algebra.fields(term.expression)))


def _jets(condition: Equation) -> frozenset[object]:
    return frozenset(algebra.jets(*(term.expression for term in condition.terms)))


def _settle_face(face: _Face, room: int, result: list[Equation | None]) -> None:
    kept = list(face.general)
    for winner in face.specific:
        jets = {p: _jets(loser) for p in kept if (loser := result[p]) is not None}
        same = [p for p in kept if jets[p] == _jets(winner)]
        # conditions on the same derivatives share one room: by their `where` each has a part of the face
        if not same and len(face.specific) + len(set(jets.values())) > max(room, 1):
            same = [p for p in kept if jets[p] == jets[kept[-1]]]
        for position in same:
            loser = result[position]
            if loser is not None:
                result[position] = None if winner.where is None else replace(loser, where=_outside(loser.where, winner.where))
            if winner.where is None:
                kept.remove(position)


def _outside(where: Expr | None, excluded: Expr) -> Expr:
    opposite = Apply("not", (excluded,))
    return opposite if where is None else Apply("and", (where, opposite))
