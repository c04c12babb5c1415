"""u_f(xi) = sum_k w_fk phi_k(xi): eq. (2) of the paper, one geometry for all fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from pdelang.runtime.gaussians import factor, jet_basis
from pdelang.runtime.layout.neighbours import ROUNDING_CUT, Kernels, sparse_basis
from pdelang.runtime.representation import Index

COMPACT_FROM, COMPACT_SHARE, COMPACT_POINTS = 2000, 0.1, 2**14
"""More kernels than this, each felt by less than this share of the domain, are summed by neighbour lists, this many points at a time."""
_BLOCK = 2**21  # entries of one (points, kernels) array: 16 MiB, temporaries stay near the cache


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GaussianExpansion:
    """Scattered Gaussians in the reference box z = 2 (xi - lower)/(upper - lower) - 1.

    weights (F, K), centres (K, d), log_scales (K, d), shears (K, d(d-1)/2) in the order (0,1), (0,2), ..., (1,2), ...;
    lower, upper (d,): the box; periodic: one flag a coordinate (wrapped images at -1, 0, 1 periods).
    A pytree: every array is a leaf, `periodic` is static.
    """

    weights: Any
    centres: Any
    log_scales: Any
    shears: Any
    lower: Any
    upper: Any
    periodic: tuple[bool, ...] = dataclasses.field(metadata={"static": True})

    kind = "scattered"

    @property
    def fields(self) -> int:
        return self.weights.shape[0]

    @property
    def dimension(self) -> int:
        return self.centres.shape[1]

    @property
    def kernels(self) -> int:
        return self.centres.shape[0]

    @property
    def theta(self) -> dict[str, Any]:
        """The parameters as the emitted module takes them."""
        return {"weights": self.weights, "centres": self.centres, "log_scales": self.log_scales, "shears": self.shears}

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), N) at points (N, d), in blocks of points."""
        points = np.asarray(points, dtype=float)
        lower, upper, weights = np.asarray(self.lower), np.asarray(self.upper), np.asarray(self.weights)
        centres, scales, shears = np.asarray(self.centres), np.exp(np.asarray(self.log_scales)), np.asarray(self.shears)
        z = 2 * (points - lower) / (upper - lower) - 1
        orders = list(dict.fromkeys(o for _, o in indices))
        chain = {o: float(np.prod((2 / (upper - lower)) ** np.array(o))) for o in orders}
        out = np.empty((len(indices), len(points)))
        kernels = Kernels(centres, scales, shears, self.periodic)
        if self.kernels > COMPACT_FROM and kernels.share(ROUNDING_CUT) < COMPACT_SHARE:
            for start in range(0, len(points), COMPACT_POINTS):
                sparse = sparse_basis(kernels, z[start : start + COMPACT_POINTS], orders, ROUNDING_CUT)
                for n, (field, o) in enumerate(indices):
                    out[n, start : start + COMPACT_POINTS] = chain[o] * (sparse[orders.index(o)] @ weights[field])
            return out
        block = max(1, _BLOCK // max(1, self.kernels))
        for start in range(0, len(points), block):
            basis = jet_basis(centres, scales, shears, self.periodic, z[start : start + block], orders)
            values = {o: chain[o] * (basis[a] @ weights.T) for a, o in enumerate(orders)}
            for n, (field, o) in enumerate(indices):
                out[n, start : start + block] = values[o][:, field]
        return out

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        """(len(indices), n_1, ..., n_d): without shears each axis costs one small matrix and the sum over kernels is a product."""
        shape = tuple(len(a) for a in axes)
        if np.any(np.asarray(self.shears)):
            points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
            return self.jets(points, indices).reshape(len(indices), *shape)
        scales, d = np.exp(np.asarray(self.log_scales)), self.dimension
        lower, upper = np.asarray(self.lower), np.asarray(self.upper)
        factors = []
        for i in range(d):
            slope = 2 / (upper[i] - lower[i])
            z = slope * (np.asarray(axes[i], dtype=float) - lower[i]) - 1
            order = max((o[i] for _, o in indices), default=0)
            values = factor(np.asarray(self.centres)[:, i], scales[:, i], z, order, self.periodic[i])
            factors.append([slope**k * v for k, v in enumerate(values)])
        out = np.empty((len(indices), *shape))
        for n, (field, o) in enumerate(indices):
            left = np.asarray(self.weights)[field] * factors[0][o[0]]
            for i in range(1, d - 1):  # (n_1 ... n_i, K): rows grow, the last axis is a matrix product
                left = (left[:, None, :] * factors[i][o[i]][None]).reshape(-1, self.kernels)
            out[n] = (left @ factors[-1][o[-1]].T if d > 1 else left.sum(1)).reshape(shape)
        return out

    def moved(self, theta: Mapping[str, Any]) -> GaussianExpansion:
        """The same box with other parameters, as host arrays."""
        values = {name: np.asarray(theta[name]) for name in ("weights", "centres", "log_scales", "shears")}
        return GaussianExpansion(**values, lower=self.lower, upper=self.upper, periodic=self.periodic)

    def arrays(self) -> dict[str, np.ndarray]:
        theta = {name: np.asarray(value) for name, value in self.theta.items()}
        return {**theta, "lower": np.asarray(self.lower), "upper": np.asarray(self.upper), "periodic": np.array(self.periodic)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> GaussianExpansion:
        names = ("weights", "centres", "log_scales", "shears", "lower", "upper")
        values = {name: np.asarray(arrays[name], dtype=float) for name in names}
        return cls(**values, periodic=tuple(bool(p) for p in arrays["periodic"]))
