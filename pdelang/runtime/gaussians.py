"""D^alpha of anisotropic Gaussians on the host (NumPy): phi = prod_i g(s_i / sigma_i), s_i = y_i + sum_{j>i} r_ij y_j.

In the sheared coordinates s a kernel is a product of one-dimensional Gaussians, and d/dy_j = d/ds_j + sum_{i<j} r_ij d/ds_i.
So every derivative is a combination of products of one-dimensional Hermite functions, in any dimension and order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def hermite_functions(y: Array, scale: Array, order: int) -> list[Array]:
    """d^k/ds^k exp(-(s/scale)^2 / 2), k = 0..order, at y = s/scale, by D^(k+1) = -(y D^k + k D^(k-1)/scale)/scale."""
    out = [np.exp(-0.5 * y * y)]
    for k in range(order):
        following = y * out[k]
        if k:
            following += (k / scale) * out[k - 1]
        out.append(following / -scale)
    return out


def factor(centres: Array, scales: Array, z: Array, order: int, periodic: bool) -> list[Array]:
    """D^k of one-dimensional kernels, k = 0..order: arrays (len(z), len(centres)). Periodic: images at -1, 0, 1 periods of length 2."""
    total: list[Array] = []
    for image in (-2.0, 0.0, 2.0) if periodic else (0.0,):
        values = hermite_functions((z[:, None] - centres - image) / scales, scales, order)
        total = [a + b for a, b in zip(total, values)] if total else values
    return total


def sheared_terms(orders: tuple[int, ...], shears: Array) -> dict[tuple[int, ...], Array | float]:
    """D_y^orders as a combination of D_s^beta: beta -> coefficient, a number or one a kernel (K,). shears: (K, d(d-1)/2)."""
    d = len(orders)
    column = {pair: n for n, pair in enumerate((i, j) for i in range(d) for j in range(i + 1, d))}
    terms: dict[tuple[int, ...], Array | float] = {(0,) * d: 1.0}
    for j, times in enumerate(orders):
        for _ in range(times):
            following: dict[tuple[int, ...], Array | float] = {}
            for beta, c in terms.items():
                for i in range(j + 1):
                    raised = (*beta[:i], beta[i] + 1, *beta[i + 1 :])
                    following[raised] = following.get(raised, 0.0) + (c if i == j else c * shears[:, column[i, j]])
            terms = following
    return terms


def jet_basis(centres: Array, scales: Array, shears: Array, periodic: Sequence[bool], z: Array, orders: Sequence[tuple[int, ...]]) -> Array:
    """D^orders of every kernel in reference coordinates: (A, N, K) at z (N, d)."""
    n, d = z.shape
    out = np.zeros((len(orders), n, len(centres)))
    if not len(orders):
        return out
    highest = [max(sum(o) for o in orders)] * d
    sheared = bool(np.any(shears))
    if not sheared:
        highest = [max(o[i] for o in orders) for i in range(d)]
        factors = [factor(centres[:, i], scales[:, i], z[:, i], highest[i], periodic[i]) for i in range(d)]
        for a, o in enumerate(orders):
            out[a] = factors[0][o[0]]
            for i in range(1, d):
                out[a] *= factors[i][o[i]]
        return out
    plans = [sheared_terms(o, shears) for o in orders]
    for image in np.ndindex(*(3 if p else 1 for p in periodic)):
        shift = [2.0 * (m - 1) if p else 0.0 for m, p in zip(image, periodic)]
        along = _along_axes([z[:, i, None] - centres[:, i] for i in range(d)], shears, shift, periodic)
        functions = [hermite_functions(s / scales[:, i], scales[:, i], highest[i]) for i, s in enumerate(along)]
        for a, plan in enumerate(plans):
            for beta, c in plan.items():
                product = functions[0][beta[0]] * c
                for i in range(1, d):
                    product *= functions[i][beta[i]]
                out[a] += product
    return out


def _along_axes(y: list[Array], shears: Array, shift: Sequence[float], periodic: Sequence[bool]) -> list[Array]:
    """s_i = y_i + sum_{j>i} r_ij y_j, `shift` away from the image nearest to the kernel's own axis: a kernel that is sheared along a
    characteristic leaves a periodic box and comes back on its other side, as often as it likes."""
    d = len(y)
    column = {pair: n for n, pair in enumerate((i, j) for i in range(d) for j in range(i + 1, d))}
    turned, out = list(y), list(y)
    for i in reversed(range(d)):
        others = sum((shears[:, column[i, j]] * turned[j] for j in range(i + 1, d)), np.zeros(()))
        if periodic[i]:
            turned[i] = y[i] - 2.0 * np.round((y[i] + others) / 2.0) - shift[i]
        out[i] = turned[i] + others
    return out
