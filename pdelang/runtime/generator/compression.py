"""A common layout with fewer functions an axis: those along which a family's solutions vary (higher-order singular value decomposition).

    C_(j_1..j_d) -> C . U_1 . ... . U_d,    U_i: leading eigenvectors of sum_n C_n(i) C_n(i)^T,   C_n(i): the tensor unfolded along axis i

A layout whose kernels hold any solution as steep as the steepest holds far more than a family has: 2-D Burgers in three parameters takes
75 x 69 x 50 functions a piece, and 28 x 16 x 21 lose 1e-4.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pdelang.runtime.generator.common_layout import CommonLayout, norms
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along


def compressed(layout: CommonLayout, coefficients: Array, lost: float) -> tuple[CommonLayout, Array]:
    """The smaller layout, and coefficients (N, P) on it. lost: of any of these solutions, relative to it, an axis."""
    allowed = lost * np.max([norms(layout, c) for c in coefficients], axis=1)
    pieces, parts = [], []
    for piece, tensor in zip(layout.pieces, layout.split(coefficients)):
        lines = []
        for axis, line in enumerate(piece.lines, 2):
            U = _leading(np.moveaxis(tensor, axis, 1).reshape(len(tensor), tensor.shape[axis], -1), allowed)
            tensor = along(np.ascontiguousarray(U.T), tensor, axis)
            lines.append(replace(line, modes=(line.factor.to_weights @ U, line.factor.values[0] @ U)))
        pieces.append(replace(piece, lines=tuple(lines)))
        parts.append(tensor.reshape(len(tensor), -1))
    return CommonLayout(tuple(pieces), layout.fields, layout.evolving), np.concatenate(parts, axis=1)


def _leading(unfolded: Array, allowed: Array) -> Array:
    """Of (N, rank, rest): eigenvectors (rank, kept) without which some solution would lose more than it may."""
    gram = sum((u @ u.T) / max(a, 1e-300) ** 2 for u, a in zip(unfolded, allowed))
    U = np.linalg.eigh(gram)[1][:, ::-1]
    energy = np.stack([np.sum((U.T @ u) ** 2, axis=1) for u in unfolded])
    left_out = np.cumsum(energy[:, ::-1], axis=1)[:, ::-1]
    kept = int(np.sum((left_out > allowed[:, None] ** 2).any(axis=0)))
    return np.ascontiguousarray(U[:, : max(kept, 1)])
