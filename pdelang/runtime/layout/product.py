"""Contractions with products of one-dimensional factors.

    D^alpha u(x_1, ..., x_d) = sum_(j_1..j_d) C_(j_1..j_d) prod_i D^alpha_i q_(j_i)(x_i)

never forms a matrix over all coordinates: one small product an axis, and jets that begin alike share what they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np

from pdelang.runtime.layout.factor import Array


def along(matrix: Array, tensor: Array, axis: int) -> Array:
    """sum_j matrix[i, j] tensor[..., j, ...] at `axis`."""
    shape = tensor.shape
    if tensor.dtype == complex and matrix.dtype == float and axis < len(shape) - 1:  # half the operations of making the matrix complex
        return along(matrix, np.ascontiguousarray(tensor).view(float), axis).view(complex)
    before, after = prod(shape[:axis]), prod(shape[axis + 1 :])
    if after == 1:
        out = tensor.reshape(before, shape[axis]) @ matrix.T
    elif before == 1:
        out = matrix @ tensor.reshape(shape[axis], after)
    else:
        out = np.matmul(matrix, tensor.reshape(before, shape[axis], after))
    return out.reshape(*shape[:axis], matrix.shape[0], *shape[axis + 1 :])


def contract(matrices: Sequence[Array | None], tensor: Array) -> Array:
    """One matrix an axis; None leaves the axis as it is."""
    for axis, matrix in enumerate(matrices):
        if matrix is not None:
            tensor = along(matrix, tensor, axis)
    return tensor


def jet_grids(
    values: Sequence[Sequence[Array | None] | Array], coefficients: Array, indices: Iterable[tuple[int, ...]]
) -> dict[tuple[int, ...], Array]:
    """D^alpha on the tensor grid for every alpha. values[i][k]: D^k of axis i's basis at its points, (points, rank); None: the identity.

    Axes beyond len(values) (time modes) are carried along.
    """
    partial: dict[tuple[int, ...], Array] = {(): coefficients}

    def upto(alpha: tuple[int, ...]) -> Array:
        if alpha not in partial:
            axis = len(alpha) - 1
            matrix, before = values[axis][alpha[-1]], upto(alpha[:-1])
            partial[alpha] = before if matrix is None else along(matrix, before, axis)
        return partial[alpha]

    return {alpha: upto(alpha) for alpha in indices}


def tensor_points(axes: Sequence[Array]) -> Array:
    """(N, d): the points of the tensor grid, last axis fastest."""
    return np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)
