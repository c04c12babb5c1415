"""J^-1 of a steady problem's linearisation, for `damped.py`: three ways, each a function of right-hand sides.

Sylvester: A X + X B^T = R where a two-dimensional operator is a sum of one-dimensional ones. Soft LU: a square matrix, whose modes that are
nearly undetermined (a layer that may sit anywhere) move by bounded steps. QR: least squares.
"""

from __future__ import annotations

import warnings

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.damped import Solve
from pdelang.runtime.solve.product.system import SlabSystem

DEPENDENT, RANK = 1e-11, 1e-12  # share of the largest: diagonal of R from which singular values decide, and which of these count
SOFT = 1e-7  # of the median singular value: below it lie modes that the equation hardly determines
SINGULAR = 1e-8  # reciprocal condition below which singular values are looked at
LOST = 1e-15  # of the largest: below it rounding alone moves a mode, and it stays where it is
LONGEST = 0.1  # step of a soft mode, in sizes of the solution
LARGEST_DECOMPOSED = 1000  # unknowns up to which singular values are worth their time


def sylvester(system: SlabSystem, partials: Array) -> Solve:
    """For `separable` operators on two axes, by real Schur forms (Bartels and Stewart, 1972): stable where eigenvectors are not."""
    constraints, space = system.space.constraints, system.space
    assert isinstance(constraints, AxisConstraints)
    nulls = [s.null for s in constraints.spaces[0]]
    operators = [np.zeros((n.shape[1], n.shape[1])) for n in nulls]
    for entry, values in zip(system.program.partials, partials):
        orders = entry.index[1]
        axis = int(np.argmax(orders))
        null = nulls[axis]
        operators[axis] += values.mean() * (null.T @ (space.tests[axis] @ space.values[axis][orders[axis]]) @ null)
    (first, P), (second, Q) = (sl.schur(m, check_finite=False) for m in operators)

    def solve(b: Array) -> Array:
        rotated = P.T @ b.reshape(P.shape[0], Q.shape[0]) @ Q
        X, scale, _ = sl.lapack.dtrsyl(first, second, rotated, tranb="T")
        return np.asarray(P @ (X / scale) @ Q.T).reshape(b.shape)

    return solve


def soft_lu(matrix: Array, size: float) -> Solve:
    """size: of the solution, what the steps of soft modes are measured by."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sl.LinAlgWarning)  # what a singular matrix leaves is not finite, and is found
        lu = sl.lu_factor(matrix, check_finite=False)
    near = float(sl.lapack.dgecon(lu[0], np.linalg.norm(matrix, 1))[0]) < SINGULAR and len(matrix) <= LARGEST_DECOMPOSED
    if not near:
        return lambda b: np.asarray(sl.lu_solve(lu, b, check_finite=False))
    U, S, Vt = sl.svd(matrix, check_finite=False)
    most = np.where(SOFT * np.median(S) > S, LONGEST * size, np.inf)
    most[LOST * S[0] > S] = 0.0

    def solve(b: Array) -> Array:
        shares = (U.T @ b.ravel()) / np.maximum(S, np.finfo(float).tiny)
        return np.asarray(Vt.T @ np.clip(shares, -most, most)).reshape(b.shape)

    return solve


def least_squares(A: Array) -> Solve:
    """b -> argmin |A x - b|; of least norm where columns are dependent (a pressure's constant)."""
    scale = np.linalg.norm(A, axis=0)
    scale[scale == 0] = 1.0
    (reflectors, tau), R = sl.qr(A / scale, mode="raw", check_finite=False, overwrite_a=True)
    n = A.shape[1]
    R, diagonal = R[:n], np.abs(np.diag(R))
    dependent = diagonal.min() <= DEPENDENT * diagonal.max()
    if dependent:
        U, S, Vt = sl.svd(R, check_finite=False)
        kept = RANK * S[0] < S
        pseudo = (Vt[kept].T / S[kept]) @ U[:, kept].T

    def solve(b: Array) -> Array:
        rotated = sl.lapack.dormqr("L", "T", reflectors, tau, b[:, None], max(1, 64 * n))[0][:n, 0]
        return (pseudo @ rotated if dependent else sl.solve_triangular(R, rotated, check_finite=False)) / scale

    return solve
