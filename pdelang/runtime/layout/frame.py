"""Turned and graded axes for scattered kernels: z = Q zeta, zeta_i = m_i + b_i g_i(eta_i), eta in [-1, 1]^d covers the reference box.

    T = <H H>,  H the Hessian of a solution:  the eigenvectors are the axes, the steepest last,

so a front oblique to the coordinates lies along one axis and is graded along the other. (A tensor of gradients would be turned by any ramp:
half a degree by x/4 across a layer of slope 32.) A kernel with the spacings h_i along the axes has Sigma = Q diag((s h_i)^2) Q', s the
overlap: a full covariance, kept as widths and shears.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import factorial

import numpy as np

from pdelang.runtime.layout.monitor import graded, local_length
from pdelang.runtime.layout.scattered import Mapping1D
from pdelang.runtime.representation import Representation

STRAIGHT = 4.0
"""Ratio of the tensor's eigenvalues from which on a solution has a direction."""
SAMPLES = {1: 1025, 2: 57, 3: 15, 4: 7}
"""Points a coordinate at which a solution is looked at."""
INNER = 0.9
"""Share of the box where directions are looked for: a solution that is not resolved yet is worst at walls."""
LINES, ACROSS = 401, {1: 1, 2: 15, 3: 5, 4: 3}
SHARPNESS, WORTH = 5.0, 2.0
"""As in `grading`."""
CELLS = 1.1
"""Cells for each local length."""


@dataclass(frozen=True, eq=False)
class Frame:
    """turn (d, d): the axes as columns, orthonormal in the reference box. maps: of [-1, 1] onto itself, None for even spacing."""

    turn: np.ndarray
    maps: tuple[Mapping1D | None, ...]
    wanted: int = 0
    """Cells along the steepest axis that its local lengths ask for."""

    @classmethod
    def straight(cls, dimension: int) -> Frame:
        return cls(np.eye(dimension), (None,) * dimension)

    @property
    def half(self) -> np.ndarray:
        """(d,): half the extent of the box along each axis."""
        return np.abs(self.turn).sum(axis=0)

    @property
    def finest(self) -> float:
        """The smallest slope of a map."""
        eta = np.linspace(-1, 1, LINES)
        return min((float(m(eta)[1].min()) for m in self.maps if m is not None), default=1.0)

    def place(self, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """z (n, d) and the slopes d zeta_i / d eta_i (n, d) at eta (n, d); beyond [-1, 1] the maps go on straight."""
        zeta, slopes = eta.copy(), np.ones_like(eta)
        for i, mapping in enumerate(self.maps):
            if mapping is not None:
                inside = np.clip(eta[:, i], -1, 1)
                there, slopes[:, i] = mapping(inside)
                zeta[:, i] = there + slopes[:, i] * (eta[:, i] - inside)
        return (zeta * self.half) @ self.turn.T, slopes * self.half

    def covariances(self, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """scales (n, d) and shears (n, d(d-1)/2) of kernels with `widths` (n, d) along the axes: P = Q diag(widths^-2) Q' = R' S^-2 R."""
        precision = np.einsum("ia,na,ja->nij", self.turn, widths**-2.0, self.turn)
        lower = np.linalg.cholesky(precision)
        diagonal = np.einsum("nii->ni", lower)
        rows, columns = np.triu_indices(self.turn.shape[0], 1)
        return 1 / diagonal, (lower / diagonal[:, None, :])[:, columns, rows]

    def turned_from(self, other: Frame) -> float:
        """The largest angle between axes of the two, radians."""
        cosines = np.abs(self.turn.T @ other.turn).max(axis=1)
        return float(np.arccos(np.clip(cosines, 0, 1)).max())


def along(representation: Representation, z: np.ndarray, direction: np.ndarray, highest: int, only: bool = False) -> np.ndarray:
    """(highest + 1, F, n): (e . grad)^k u, k = 0..highest, at reference points z; only: the highest alone, (1, F, n).

    (e . grad)^k = sum over multi-indices of k! / alpha! e^alpha D^alpha.
    """
    lower, upper = np.asarray(representation.lower), np.asarray(representation.upper)  # type: ignore[attr-defined]
    d, fields = z.shape[1], representation.fields
    half = (upper - lower) / 2
    points = lower + half * (z + 1)
    out = np.zeros((1 if only else highest + 1, fields, len(z)))
    for k in range(highest if only else 0, highest + 1):
        orders = [tuple(c.count(i) for i in range(d)) for c in combinations_with_replacement(range(d), k)]
        factors = [factorial(k) / np.prod([factorial(a) for a in o]) * np.prod((direction * half) ** np.array(o)) for o in orders]
        kept = [(o, c) for o, c in zip(orders, factors) if abs(c) > 0]
        jets = representation.jets(points, [(f, o) for o, _ in kept for f in range(fields)]).reshape(len(kept), fields, len(z))
        out[0 if only else k] = np.einsum("o,ofn->fn", np.array([c for _, c in kept]), jets)
    return out


def fitted_frame(representation: Representation, periodic: Sequence[bool]) -> Frame:
    """The frame of a solution: turned where it has one direction, graded where that pays. Periodic boxes are not turned."""
    d = len(periodic)
    z = np.array(list(product(*[np.linspace(-INNER, INNER, SAMPLES[d])] * d)))
    turn = np.eye(d) if any(periodic) or d == 1 else _axes(representation, z)
    frame = Frame(turn, (None,) * d)
    mapping, lengths = _map(representation, frame, d - 1, periodic[d - 1])
    return Frame(turn, (*(None,) * (d - 1), mapping), int(CELLS * lengths) if mapping is not None else 0)


def _axes(representation: Representation, z: np.ndarray) -> np.ndarray:
    """From polarisation: 2 e_i' H e_j = (e_i + e_j)' H (e_i + e_j) - e_i' H e_i - e_j' H e_j."""
    d, fields = z.shape[1], representation.fields
    unit = np.eye(d)
    second = lambda e: along(representation, z, e, 2, only=True)[0]
    diagonal = [second(e) for e in unit]
    hessian = np.zeros((d, d, fields, len(z)))
    for i, j in product(range(d), repeat=2):
        hessian[i, j] = diagonal[i] if i == j else hessian[j, i] if j < i else (second(unit[i] + unit[j]) - diagonal[i] - diagonal[j]) / 2
    tensor = np.zeros((d, d))
    for f in range(fields):
        h = hessian[:, :, f] / max(np.abs(hessian[:, :, f]).max(), 1e-300)
        tensor += np.einsum("ikn,kjn->ij", h, h)
    values, vectors = np.linalg.eigh(tensor)
    return vectors if values[-1] > STRAIGHT * values[-2] else unit


def _map(representation: Representation, frame: Frame, axis: int, periodic: bool) -> tuple[Mapping1D | None, float]:
    """The graded map along an axis, None where it would not pay, and how many local lengths the axis holds."""
    d, half = frame.turn.shape[0], frame.half
    axes = [np.linspace(-1, 1, LINES if i == axis else ACROSS[d]) * half[i] for i in range(d)]
    zeta = np.moveaxis(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), axis, 0).reshape(-1, d)
    z = zeta @ frame.turn.T
    inside = (np.abs(z) <= 1 + 1e-9).all(axis=1)
    jets = np.zeros((3, representation.fields, len(z)))
    jets[:, :, inside] = along(representation, z[inside], frame.turn[:, axis], 2)
    jets[0, :, ~inside] = jets[0][:, inside].mean(axis=1)
    scaled = [j.reshape(j.shape[0], LINES, -1) * (SHARPNESS * half[axis]) ** k for k, j in enumerate(jets)]
    monitor = local_length(axes[axis] / half[axis], scaled, periodic)
    if monitor.saving() < WORTH:
        return None, monitor.lengths()
    found = graded(monitor, periodic)
    return (lambda eta: (found.place(eta), found.slope(eta))), monitor.lengths()
