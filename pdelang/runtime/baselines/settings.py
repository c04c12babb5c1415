"""What each network is trained with unless told otherwise: one row each, found by the same small search for all of them.

`cd benchmarks && python -m figures.search` repeats the search and prints the rows; docs/comparison.md shows its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pdelang.runtime.options import SolveOptions
from pdelang.runtime.solve.first_order import SEARCHES


@dataclass(frozen=True)
class Settings:
    """learning_rate: the first one, of Adam. shape: what `Network.sized` takes beside the count of parameters."""

    learning_rate: float = 1e-3
    shape: Mapping[str, Any] = field(default_factory=dict)


SETTINGS: Mapping[str, Settings] = {
    "mlp": Settings(1e-2, {"depth": 4}),
    "spinn": Settings(3e-2, {"ratio": 1.0}),
    "pikan": Settings(1e-2, {"depth": 3, "degree": 4}),
    "pig": Settings(3e-2, {"features": 4, "hidden": 16}),
    "separable": Settings(3e-2),
    "lattice": Settings(3e-2),
    "rbf": Settings(1e-2),
}
"""Least error of the search over Burgers, convection and Helmholtz after 1000 steps with about 1000 parameters:
`docs/figures/search.md`."""


def settings(ansatz: str) -> Settings:
    """Its row; of a representation of one's own, which has none, the defaults."""
    return SETTINGS.get(ansatz, Settings())


def learning_rate(options: SolveOptions) -> float:
    """The one asked for, or the ansatz' own; 1 where the optimiser searches along its direction."""
    own = 1.0 if options.optimizer in SEARCHES else settings(options.ansatz).learning_rate
    return own if options.learning_rate is None else options.learning_rate
