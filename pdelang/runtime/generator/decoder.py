"""Slots -> kernels: a network's numbers, all of order one, as corrections of a standard layout.

    mu_k = mu0_k + h_k b(m_k, MOVE),   log sigma_k = log sigma0_k + b(l_k, STRETCH),   r_k = q_k,   w_k = w0_k + unit v_k,

slot k = (v, m, l, q), h_k the spacing there, b(x, most) = most tanh(x/most): a smooth bound, for kernels that have left the box or
become flat have no gradient that brings them back (convection, without it: after 2,000 steps 84 % of the centres stood outside).

The standard layout is a grid, graded where direct solves at a few conditions are steep; distances between slots weigh every kind of
parameter alike, which distances between thetas would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.layout.scattered import Mapping1D

OVERLAP = 1.5
"""Widths in spacings. Convection, 64 kernels, beta = 1.3, untrained: 8e-4."""
MOVE, STRETCH = 2.5, 1.5
"""How far a kernel may move, in spacings, and the logarithm of how much wider or narrower it may become."""
BEYOND, HOLDING = 0.5, 2.5
"""Spacings by which the grid reaches beyond each end that is not periodic: where kernels are few and learn to move, and where they are to
hold the solution as they stand (Helmholtz, 24 x 24 kernels, ten half-waves an axis: 1.8e-1 and 3.0e-3; five or so: 3.7e-3 and 1.9e-6)."""


@dataclass(frozen=True, eq=False)
class StandardLayout:
    """centres, log_scales (K, d) in the reference box; weights (F, K) to start from; unit (F,): of the corrections of weights."""

    centres: np.ndarray
    log_scales: np.ndarray
    weights: np.ndarray
    unit: np.ndarray

    @classmethod
    def grid(
        cls,
        compiled: CompiledProblem,
        counts: Sequence[int],
        maps: Sequence[Mapping1D | None] = (),
        beyond: float = BEYOND,
        overlap: float = OVERLAP,
    ) -> Self:
        """counts, maps: one a coordinate. beyond, overlap: in spacings."""
        coordinates = compiled.problem.coordinates
        lines = [_line(counts[i], c.periodic, maps[i] if maps else None, beyond, overlap) for i, c in enumerate(coordinates)]
        centres, scales = (np.stack([m.ravel() for m in np.meshgrid(*part, indexing="ij")], axis=1) for part in zip(*lines))
        fields = len(compiled.problem.fields)
        return cls(centres, np.log(scales), np.zeros((fields, len(centres))), np.ones(fields))

    @property
    def kernels(self) -> int:
        return self.centres.shape[0]

    @property
    def outputs(self) -> int:
        """Numbers a slot."""
        fields, d = len(self.weights), self.centres.shape[1]
        return fields + 2 * d + d * (d - 1) // 2

    @property
    def spacing(self) -> np.ndarray:
        """(d,): the median distance of neighbours."""
        return np.exp(np.median(self.log_scales, axis=0)) / OVERLAP

    def theta(self, slots: jax.Array) -> dict[str, jax.Array]:
        """Kernels of slots (K, Q), as the emitted module takes them."""
        fields, d = len(self.weights), self.centres.shape[1]
        values, centres, log_scales, shears = jnp.split(slots, [fields, fields + d, fields + 2 * d], axis=1)
        return {
            "weights": self.weights + self.unit[:, None] * values.T,
            "centres": self.centres + np.exp(self.log_scales) / OVERLAP * _bounded(centres, MOVE),
            "log_scales": self.log_scales + _bounded(log_scales, STRETCH),
            "shears": shears,
        }

    def arrays(self) -> dict[str, np.ndarray]:
        return {"centres": self.centres, "log_scales": self.log_scales, "weights": self.weights, "unit": self.unit}


def _bounded(x: jax.Array, most: float) -> jax.Array:
    return most * jnp.tanh(x / most)


def _line(count: int, periodic: bool, mapping: Mapping1D | None, beyond: float, overlap: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres and scales along one coordinate, moved by `mapping`, widths by its slope."""
    if periodic:
        centres, spacing = -1 + 2 * np.arange(count) / count, 2 / count
    else:
        beyond = beyond if count > 2 * beyond + 2 else 0.0
        spacing = 2 / (count - 1 - 2 * beyond)
        reach = 1 + beyond * spacing
        centres = np.linspace(-reach, reach, count)
    scales = np.full(count, overlap * spacing)
    if mapping is None:
        return centres, scales
    inside = np.clip(centres, -1, 1)
    places, slopes = mapping(inside)
    return places + slopes * (centres - inside), scales * slopes


def repulsion(centres: Any, scale: float) -> jax.Array:
    """The last term of eq. (6): the mean over pairs of 1/(1 + |mu_i - mu_j|^2/sigma_rep^2)."""
    count = centres.shape[0]
    squares = jnp.sum((centres[:, None] - centres[None]) ** 2, axis=-1)
    return (jnp.sum(1 / (1 + squares / scale**2)) - count) / (count * (count - 1))
