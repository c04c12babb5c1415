"""`SolveOptions`: everything that a user can say about how to solve, with its defaults. One table, for Python, `option NAME = value` and the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SolveOptions:
    """
    tolerance: relative, of the residual's norm on independent points (see docs/mathematics.md for the exact scale).
    method: auto, or a name of `runtime.solve.METHODS`.
    kernels: number of kernels; None chooses from the tolerance. slabs: number of time slabs; None chooses.
    overlap: kernel width in spacings. points: collocation points per kernel.
    weights of eq. (3): alpha_residual, alpha_boundary, alpha_initial, alpha_data.
    optimizer, learning_rate, steps: for first_order (any name in optax).
    """

    tolerance: float = 1e-6
    method: str = "auto"
    kernels: int | None = None
    slabs: int | None = None
    overlap: float = 2.0
    points: float = 2.0
    alpha_residual: float = 1.0
    alpha_boundary: float = 100.0
    alpha_initial: float = 100.0
    alpha_data: float = 1.0
    max_iterations: int = 200
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    steps: int = 2000
    seed: int = 0
