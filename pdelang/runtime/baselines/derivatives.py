"""Derivatives of a network with respect to its coordinates, forward mode: what a symbolic expansion has in closed form.

Derivatives along one coordinate are taken together, each a tangent of the one before, and those that begin alike share what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.ansatz import Index

Function = Callable[[Any], Any]


def chain(function: Function, axis: int, order: int) -> Callable[[Any], tuple[Any, ...]]:
    """p (N, d) -> (f, D f, ..., D^order f) along one coordinate."""
    if order == 0:
        return lambda p: (function(p),)
    below = chain(function, axis, order - 1)

    def all_of_them(p: Any) -> tuple[Any, ...]:
        direction = jnp.zeros_like(p).at[:, axis].set(1.0)
        values, tangents = jax.jvp(below, (p,), (direction,))
        return (*values, tangents[-1])

    return all_of_them


def point_jets(function: Function, points: Any, indices: Sequence[Index]) -> Any:
    """D^orders u_f at points (N, d): (len(indices), N). function: (N, d) -> (F, N)."""
    found: dict[tuple[int, ...], Any] = {}
    wanted = {orders for _, orders in indices}
    for family in {_without_last(orders) for orders in wanted}:
        members = [orders for orders in wanted if _without_last(orders) == family]
        axis = max((_last(orders) for orders in members), default=0)
        inner = function
        for i, order in enumerate(family):
            inner = _last_of(chain(inner, i, order)) if order else inner
        values = chain(inner, axis, max(orders[axis] for orders in members))(points)
        found |= {orders: values[orders[axis]] for orders in members}
    return jnp.stack([found[orders][field] for field, orders in indices])


def _last(orders: tuple[int, ...]) -> int:
    """The last coordinate that is differentiated, 0 if none is."""
    return max((i for i, order in enumerate(orders) if order), default=0)


def _without_last(orders: tuple[int, ...]) -> tuple[int, ...]:
    """Orders up to the last differentiated coordinate: what is shared along it. Its length says which coordinate that is."""
    return orders[: _last(orders)]


def _last_of(function: Callable[[Any], tuple[Any, ...]]) -> Function:
    return lambda p: function(p)[-1]
