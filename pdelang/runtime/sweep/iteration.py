"""R_b(Y_b) = 0 for all instances at once: the shared inverse, accelerated by each instance's own history (Anderson).

    F = -M^-1 R(Y),    Y+ = Y + F - (dY + dF) g,    g = argmin |F - dF g|

Where R is linear that is GMRES on the preconditioned system; nonlinear, it needs no derivative but the one that M was frozen from: one
residual a step where Newton-GMRES takes one derivative a Krylov vector. Instances leave as they are done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.sweep.inverse import Inverse
from pdelang.runtime.sweep.slab import BatchSlab

STEPS = 24
DEPTH = 10
DONE_SHARE = 0.75  # of the instances still at work: below it the arrays are cut down to them
HOPELESS = 1e3  # growth of the step since the first


@dataclass(frozen=True, eq=False)
class Solved:
    """W (fields, r_1, ..., r_d, modes, B). converged (B,). steps: of the slowest."""

    W: Array
    converged: Array
    steps: int


def magnitudes(slab: BatchSlab, W: Array) -> Array:
    """Root of the energy of each solution, (B,); 1 for zero."""
    energy = np.sum(W**2, axis=tuple(range(W.ndim - 1)))
    for own in slab.starts:
        for s in own:
            energy = energy + np.sum(s**2, axis=tuple(range(s.ndim - 1)))
    return np.where(energy > 0, np.sqrt(energy), 1.0)


def solve(slab: BatchSlab, inverse: Inverse, shares: Array, guess: Array | None, tolerance: float) -> Solved:
    """guess: full coefficients, (fields, r_1, ..., r_d, modes, 1 or B). tolerance: of the step that would follow, if steps go on falling as
    the last two did."""
    lift, B = slab.lifting(), slab.batch.size
    size = slab.space.constraints.size
    Y = np.zeros((size, slab.time.modes, B)) if guess is None else slab.restrict(guess - lift)
    done, numbers = np.zeros(B, dtype=bool), np.arange(B)
    result = Y.copy()
    own, own_lift, own_shares, history = slab, lift, shares, _History()
    first = before = np.zeros(B)
    for step in range(1, STEPS + 1):
        W = own_lift + own.expand(Y)
        F = -inverse(own.residual(W), own_shares)
        change = np.linalg.norm(F.reshape(-1, F.shape[-1]), axis=0) / magnitudes(own, W)
        first = change if step == 1 else first
        following = change if step == 1 else change * np.minimum(change / np.maximum(before, 1e-300), 1.0)
        good, before = following < tolerance, change
        bad = ~(change <= HOPELESS * np.maximum(first, tolerance))
        fresh = ~done[numbers]  # what is done stays: a history of rounding errors would spoil it
        result[..., numbers[fresh]] = (Y + F)[..., fresh]
        done[numbers[good]] = True
        going = fresh & ~(good | bad)
        if not going.any():
            break
        Y = history.accelerated(Y, F)
        if going.mean() < DONE_SHARE:
            kept = np.flatnonzero(going)
            numbers, Y, own_lift, own_shares = numbers[kept], Y[..., kept], own_lift[..., kept], own_shares[:, kept]
            first, before = first[kept], before[kept]
            own, history = own.take(kept), history.take(kept)
    return Solved(lift + slab.expand(np.where(np.isfinite(result), result, 0.0)), done, step)


class _History:
    """Differences of the last iterates and steps, and the Gram matrix of the latter, (B, k, k)."""

    def __init__(self) -> None:
        self.iterates: list[Array] = []
        self.steps: list[Array] = []
        self.gram = np.zeros((0, 0, 0))
        self.last: tuple[Array, Array] | None = None

    def take(self, kept: Array) -> _History:
        new = _History()
        new.iterates, new.steps = [x[..., kept] for x in self.iterates], [x[..., kept] for x in self.steps]
        new.gram = self.gram[kept] if len(self.steps) else self.gram
        new.last = None if self.last is None else (self.last[0][..., kept], self.last[1][..., kept])
        return new

    def accelerated(self, Y: Array, F: Array) -> Array:
        if self.last is not None:
            self._append(Y - self.last[0], F - self.last[1])
        self.last = (Y, F)
        if not self.steps:
            return Y + F
        right = np.stack([_dot(s, F) for s in self.steps], axis=1)
        scale = np.sqrt(np.einsum("bkk->bk", self.gram)) + 1e-300
        scaled = self.gram / (scale[:, :, None] * scale[:, None, :]) + 1e-13 * np.eye(len(self.steps))
        scaled = np.where(np.isfinite(scaled), scaled, np.eye(len(self.steps)))
        shares = np.linalg.solve(scaled, np.nan_to_num(right / scale)[..., None])[..., 0] / scale
        following = Y + F
        for n, (dy, df) in enumerate(zip(self.iterates, self.steps)):
            following = following - shares[:, n] * (dy + df)
        return following

    def _append(self, dy: Array, df: Array) -> None:
        if len(self.steps) == DEPTH:
            self.iterates, self.steps, self.gram = self.iterates[1:], self.steps[1:], self.gram[:, 1:, 1:]
        self.iterates.append(dy)
        self.steps.append(df)
        k = len(self.steps)
        gram = np.zeros((df.shape[-1], k, k))
        if k > 1:
            gram[:, : k - 1, : k - 1] = self.gram
        gram[:, -1] = np.stack([_dot(df, s) for s in self.steps], axis=1)
        gram[:, :, -1] = gram[:, -1]
        self.gram = gram


def _dot(a: Array, b: Array) -> Array:
    return np.einsum("nb,nb->b", a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]))
