"""What represents a solution: the seam between the methods, which make one, and `Solution`, which evaluates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, Self

import numpy as np

Index = tuple[int, tuple[int, ...]]
"""(field, orders): D^orders of a scalar field, in physical coordinates."""


class Representation(Protocol):
    """Gaussians with their weights, in physical coordinates and at fixed parameters. Host arrays (NumPy) outside, JAX inside.

    kind: name in `REPRESENTATIONS`. kernels: how many, all fields' geometry counted once.
    """

    @property
    def kind(self) -> str: ...

    @property
    def fields(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    @property
    def kernels(self) -> int: ...

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), N) at points (N, d)."""

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), n_1, ..., n_d) on the tensor grid of `axes`, by products of small matrices where the layout allows."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All it consists of, as plain arrays by name; `from_arrays` of the same class takes them back."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The inverse of `arrays`."""


REPRESENTATIONS = {
    "scattered": ("pdelang.runtime.expansion", "GaussianExpansion"),
    "slabs": ("pdelang.runtime.solve.slabs", "Slabs"),
    "network": ("pdelang.runtime.baselines.network_representation", "NetworkExpansion"),
    "product": ("pdelang.runtime.layout.product_representation", "ProductExpansion"),
}
"""kind -> (module, class): a saved solution is loaded by this table and by nothing that the file names."""


def representation_class(kind: str) -> Any:
    """The class of a kind. KeyError for an unknown one (a file of a later version, or a damaged one)."""
    module, name = REPRESENTATIONS[kind]
    return getattr(import_module(module), name)
