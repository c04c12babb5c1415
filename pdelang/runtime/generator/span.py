"""Labels on a common layout, and their principal directions (proper orthogonal decomposition).

C = C_mean + sum_r scale y_r V_r,    sum over labels of |C - C_mean|^2 left out of the V: at most LOST^2 of all
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdelang.runtime.generator.common_layout import CommonLayout, norms

LOST = 3e-4


@dataclass(frozen=True, eq=False)
class Span:
    """The labels' common layout and principal directions, scaled so that the distance of y is the distance of functions."""

    layout: CommonLayout
    mean: np.ndarray
    directions: np.ndarray
    scale: np.ndarray
    norm: np.ndarray

    @classmethod
    def of(cls, layout: CommonLayout, C: np.ndarray) -> Span:
        """Of coefficients (N, P)."""
        norm = np.sqrt(np.mean([norms(layout, c) ** 2 for c in C], axis=0))
        weights = np.sqrt(layout.weights())
        mean = C.mean(axis=0)
        apart = (C - mean) * weights
        energy, U = np.linalg.eigh(apart @ apart.T)  # a tenth of the time of singular values, which LOST does not ask
        energy, U = np.maximum(energy[::-1], 0.0), U[:, ::-1]
        rank = max(1, int(np.sum(np.cumsum(energy[::-1])[::-1] > LOST**2 * energy.sum())))
        directions = U[:, :rank].T @ apart / np.sqrt(np.maximum(energy[:rank, None], 1e-300))
        scale = np.full(rank, np.sqrt(energy[:rank].sum() / (len(C) * rank)))  # one for all: the loss is the distance of functions
        return cls(layout, mean, directions / weights, scale, norm)

    def coordinates(self, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y (N, rank) of coefficients (N, P), and the size of each solution beside that of all, (N,)."""
        weights = self.layout.weights()
        y = ((C - self.mean) * weights) @ self.directions.T / self.scale
        return y, np.sqrt(np.sum(C**2 * weights, axis=1) / np.sum(self.norm**2))
