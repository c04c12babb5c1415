"""What represents a solution: the seam between the methods, which make one, and `Solution`, which evaluates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

Index = tuple[int, tuple[int, ...]]
"""(field, orders): D^orders of a scalar field, in physical coordinates."""


class Representation(Protocol):
    """Gaussians with their weights, in physical coordinates and at fixed parameters. Host arrays (NumPy) outside, JAX inside.

    kind: name in `solution.REPRESENTATIONS` ("scattered", "product", "slabs"). kernels: how many, all fields' geometry counted once.
    """

    kind: str
    fields: int
    dimension: int
    kernels: int

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), N) at points (N, d)."""

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), n_1, ..., n_d) on the tensor grid of `axes`, by products of small matrices where the layout allows."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All it consists of, as plain arrays by name; `from_arrays` of the same class takes them back."""
