"""The seam between an equation and what represents its unknown: a `CompiledEquation` takes jets, an `Ansatz` gives them.

A residual is a function of arrays of jets, whatever made the jets. So scattered Gaussians, a product layout and a neural network are
compared on the same compiled equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

Index = tuple[int, tuple[int, ...]]
"""(field, orders): D^orders of a scalar field, in physical coordinates."""


@runtime_checkable
class Ansatz(Protocol):
    """u_f(xi; theta) for every field f, with derivatives. Pure: theta is a pytree, the result is traced, differentiated and mapped over."""

    def jets(self, theta: Any, points: Any, indices: Sequence[Index]) -> Any:
        """D^orders u_f at points (N, d): (len(indices), N)."""


@runtime_checkable
class LinearAnsatz(Ansatz, Protocol):
    """u_f = sum_k w_(f, k) phi_k(xi; geometry): linear in its weights once the geometry is fixed, so that linear equations
    are one least-squares problem."""

    def jet_basis(self, geometry: Any, points: Any, orders: Sequence[tuple[int, ...]]) -> Any:
        """D^orders phi_k at points (N, d): (len(orders), N, K). `jets` is its contraction with the weights."""
