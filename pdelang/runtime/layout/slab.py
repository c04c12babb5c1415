"""Time on one slab [a, a + h], tau = (t - a)/h in [0, 1].

    D_t^(m-1) u = s_(m-1)(x) + sum_j W_j(x) p_j(tau),    p_j(0) = 0,    d_j = p_j' orthonormal on [0, 1]

so the highest time derivative has the coefficients W/h in the orthonormal basis d: the mass matrix of the frozen operator is
the identity. The lower derivatives follow from D_t U_k = U_(k+1), projected on d:

    U_k = s_k + V_k p,    V_(m-1) = W,    V_k = h (s_(k+1) e^T + V_(k+1) J^T),    J = <d, p>,  e = <d, 1>

so that every time derivative is a power of the one integration matrix J, which one eigenbasis diagonalises. A field without
a time derivative (a pressure) has the coefficients W in d itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from pdelang.runtime.layout.factor import Array, gauss_legendre, gaussian_derivatives

TRUNCATION = 1e-13
REACH = 0.8  # centres lie in [-REACH, 1 + REACH] of the slab: 0.5 represents the constant to 7e-8 with 16 kernels, 0.8 to 1e-10
OVERLAPS = ((12, 3.0), (17, 2.5), (99, 2.0))  # kernels up to which each overlap, in spacings, is the most accurate


@dataclass(frozen=True, eq=False)
class TimeFactor:
    """Reference slab. integral P and slope D at `points`: (points, modes); test (modes, points) projects on d.

    integration J = test @ P = modes (eigenvalues) inverse; powers of it are all that the linear algebra sees of time.
    """

    centres: Array
    widths: Array
    to_weights: Array
    points: Array
    weights: Array
    integral: Array
    slope: Array
    test: Array
    integration: Array
    unit: Array
    eigenvalues: Array
    eigenvectors: Array
    inverse: Array

    @property
    def modes(self) -> int:
        return self.slope.shape[1]

    def evaluate(self, tau: Array, coefficients: Array, order: int = 0) -> Array:
        """D_tau^order of sum_j c_j p_j; coefficients (..., modes) -> (..., len(tau))."""
        G = gaussian_derivatives(self.centres, self.widths, np.asarray(tau, dtype=float), order)[order]
        return (coefficients @ self.to_weights.T) @ G.T

    def basis(self, order: int, k: int, h: float) -> Array:
        """Time functions that multiply W in D_t^k of a field of time order `order`, at the points: (points, modes)."""
        if order == 0:
            return self.slope
        if k == order:
            return self.slope / h
        return h ** (order - 1 - k) * self.integral @ np.linalg.matrix_power(self.integration, order - 1 - k)

    def fit(self, order: int, h: float) -> Array:
        """W from values of u at the points, less what the start makes: the pseudo-inverse of `basis(order, 0, h)`, (modes, points)."""
        if order not in self._fits:
            self._fits[order] = np.linalg.pinv(self.basis(order, 0, 1.0), rcond=1e-13)
        return self._fits[order] / (h ** (order - 1) if order else 1.0)

    @cached_property
    def _fits(self) -> dict[int, Array]:
        return {}

    def projected(self, order: int, k: int, h: float) -> Array:
        """The same, projected on d: (modes, modes)."""
        if order == 0:
            return np.eye(self.modes)
        return h ** (order - 1 - k) * np.linalg.matrix_power(self.integration, order - k)

    def symbol(self, order: int, k: int, h: float) -> Array:
        """`projected` in the eigenbasis of J, where it is diagonal: (modes,)."""
        if order == 0:
            return np.ones_like(self.eigenvalues)
        return h ** (order - 1 - k) * self.eigenvalues ** (order - k)


@lru_cache(maxsize=32)
def time_factor(kernels: int, oversampling: float = 2.0) -> TimeFactor:
    """`kernels` Gaussians and `oversampling` times as many points: 1.25 loses no digit of what the kernels hold.

    The constant is represented to 2e-8 with 10, 1e-10 with 14, 1e-11 with 18, 2e-12 with 22 kernels.
    """
    centres = np.linspace(-REACH, 1 + REACH, kernels)
    overlap = next(width for most, width in OVERLAPS if kernels <= most)
    widths = np.full(kernels, overlap * (centres[1] - centres[0]))
    z, w = gauss_legendre(int(np.ceil(oversampling * kernels)))
    points, weights = 0.5 * (z + 1), 0.5 * w
    G = gaussian_derivatives(centres, widths, points, 1)
    at_start = gaussian_derivatives(centres, widths, np.zeros(1), 0)[0]
    null = np.linalg.qr(at_start.T, mode="complete")[0][:, 1:]
    root = np.sqrt(weights)[:, None]
    U, S, Vt = np.linalg.svd(root * (G[1] @ null), full_matrices=False)
    rank = int((TRUNCATION * S[0] < S).sum())
    to_weights = null @ (Vt[:rank].T / S[:rank])
    slope, integral = U[:, :rank] / root, G[0] @ to_weights
    test = (slope * weights[:, None]).T
    integration = test @ integral
    eigenvalues, eigenvectors = np.linalg.eig(integration)
    return TimeFactor(
        centres, widths, to_weights, points, weights, integral, slope, test, integration, test.sum(1),
        eigenvalues.astype(complex), eigenvectors.astype(complex), np.linalg.inv(eigenvectors).astype(complex),
    )  # fmt: skip


@lru_cache(maxsize=1)
def no_time() -> TimeFactor:
    """The factor of a steady problem: one constant mode."""
    one, z = np.ones((1, 1)), np.ones(1)
    return TimeFactor(z, z, one, z, z, one, one, one, one, z, z.astype(complex), one.astype(complex), one.astype(complex))
