"""Many instances on one slab: `SlabSystem` with one axis more, the last one, which counts instances.

    R_e = <N_e(D^alpha u_f; c_b), q_j1 ... q_jd d_j>,    u_f = start_fb + sum W_fb q ... q p

Space, time and their matrices are shared, so that each product is one large one for all instances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along, contract, jet_grids
from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.representation import Index
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.sweep.program import BatchProgram

Starts = tuple[tuple[Array, ...], ...]
"""starts[f]: coefficients of u, u_t, ... below the field's order in time, (r_1, ..., r_d, B) each."""


@dataclass(frozen=True, eq=False)
class BatchSlab:
    """shared: the slab itself, with the starts of no instance. starts: of all."""

    shared: SlabSystem
    batch: BatchProgram
    starts: Starts

    @property
    def space(self) -> Space:
        return self.shared.space

    @property
    def time(self) -> TimeFactor:
        return self.shared.time

    @property
    def orders(self) -> tuple[int, ...]:
        return self.shared.program.time_orders

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the full coefficients W: (fields, r_1, ..., r_d, modes, B)."""
        return (*self.shared.shape, self.batch.size)

    def take(self, numbers: Array) -> BatchSlab:
        starts = tuple(tuple(s[..., numbers] for s in own) for own in self.starts)
        return replace(self, batch=self.batch.take(numbers), starts=starts)

    def expand(self, free: Array) -> Array:
        """(size, modes, B) -> full coefficients."""
        return self.space.constraints.expand(free.reshape(len(free), -1)).reshape(self.shape)

    def restrict(self, full: Array) -> Array:
        return self.space.constraints.restrict(full.reshape(*full.shape[:-2], -1)).reshape(-1, *full.shape[-2:])

    def linear_jets(self, W: Array, indices: tuple[Index, ...]) -> Array:
        """Jets of the part that W makes, (A, p_1, ..., p_d, times, B)."""
        d, h = self.space.dimension, self.shared.length
        out = np.empty((len(indices), *self.shared.grid, W.shape[-1]))
        for field, order in enumerate(self.orders):
            wanted = [(row, *self.shared.split(orders)) for row, (f, orders) in enumerate(indices) if f == field]
            grids = jet_grids(self.space.values, W[field], {alpha for _, alpha, _ in wanted})
            for row, alpha, k in wanted:
                out[row] = along(self.time.basis(order, k, h), grids[alpha], d)
        return out

    @cached_property
    def base_jets(self) -> Array:
        """Jets of the part that the starts make."""
        p = self.shared.program
        out = np.zeros((len(p.indices), *self.shared.grid, self.batch.size))
        for row, (field, orders) in enumerate(p.indices):
            alpha, k = self.shared.split(orders)
            for j, start in enumerate(self.starts[field][k:]):
                values = contract([v[a] for v, a in zip(self.space.values, alpha)], start)
                out[row] += values[..., None, :] * self._started(j)[:, None]
        return out

    def _started(self, j: int) -> Array:
        """What multiplies the start of D_t^(k+j) u in D_t^k u, at the slab's points."""
        T, h = self.time, self.shared.length
        if j == 0:
            return np.ones(len(T.points))
        return h**j * (T.unit @ np.linalg.matrix_power(T.integration.T, j - 1)) @ T.integral.T

    def test(self, residual: Array) -> Array:
        """(fields, N, B) -> full coefficients."""
        grids = residual.reshape(len(residual), *self.shared.grid, -1)
        d = self.space.dimension
        return np.stack([contract(self.space.tests, along(self.time.test, g, d)) for g in grids])

    def residual(self, W: Array) -> Array:
        """Tested in the functions that satisfy the homogeneous conditions: (size, modes, B)."""
        jets = self.base_jets + self.linear_jets(W, self.shared.program.indices)
        jets = jets.reshape(len(jets), -1, W.shape[-1])
        return self.restrict(self.test(self.batch.residual(jets, self.shared.points)))

    # Conditions at faces --------------------------------------------------------------------------------------

    def gamma(self, number: int, times: Array) -> Array:
        """-N(0) of a strong condition in the bases of its free axes, (r_others..., times, B)."""
        free, shape, points = self.space.face_points(number, times)
        jets = np.zeros((len(self.shared.program.compiled.conditions[number].jets), len(points), self.batch.size))
        data = -self.batch.condition(number, jets, points)[0].reshape(*shape, -1)
        return contract([self.space.factors[i].test for i in free], data)

    def lifting(self) -> Array:
        """W that makes the strong conditions hold over the slab, given that they hold at its start."""
        data = {}
        for number in self.space.strong:
            assert self.shared.times is not None
            order = self.orders[self.shared.program.compiled.conditions[number].jets[0].field]
            gamma = self.gamma(number, self.shared.times) - self._face_started(number)
            fit = np.linalg.pinv(self.time.basis(order, 0, self.shared.length), rcond=1e-13)
            fitted = along(fit, gamma, gamma.ndim - 2)
            data[number] = fitted.reshape(*fitted.shape[:-2], -1)
        if not data or not any(g.any() for g in data.values()):
            return np.zeros(self.shape)
        return self.space.constraints.lift(data).reshape(self.shape)

    def _face_started(self, number: int) -> Array:
        axis, total = self.space.strong[number], np.zeros(1)
        for field in {j.field for j in self.shared.program.compiled.conditions[number].jets}:
            row = self.space.row(number, field)
            for j, start in enumerate(self.starts[field]):
                total = total + np.tensordot(row, start, (0, axis))[..., None, :] * self._started(j)[:, None]
        return total

    # The slab's end -------------------------------------------------------------------------------------------

    def chains(self, W: Array) -> list[list[Array]]:
        """For each field V_k of U_k = s_k + V_k p, k = 0 .. order - 1; a field without a time derivative: its coefficients."""
        T, h, d = self.time, self.shared.length, self.space.dimension
        every = []
        for w, starts in zip(W, self.starts):
            chain = [w]
            for start in reversed(starts[1:]):
                chain.insert(0, h * (start[..., None, :] * T.unit[:, None] + along(T.integration, chain[0], d)))
            every.append(chain)
        return every

    def ended(self, W: Array) -> Starts:
        """The starts of the next slab."""
        T, d = self.time, self.space.dimension
        last = T.evaluate(np.ones(1), np.eye(T.modes))[:, 0]
        chains = self.chains(W)
        return tuple(tuple(s + np.tensordot(last, v, (0, d)) for s, v in zip(own, chain)) for own, chain in zip(self.starts, chains))


def admissible(slab: BatchSlab, starts: Starts, time: float) -> Starts:
    """The values at a slab's start moved to where the conditions at the faces hold: lift + N N^T (c - lift)."""
    space = slab.space
    if not space.strong:
        return starts
    times, B = np.array([time]), slab.batch.size
    zero = np.zeros((*space.ranks, B))
    values = np.stack([own[0] if own else zero for own in starts])
    gammas = {}
    for number in space.strong:
        gamma = slab.gamma(number, times)
        gammas[number] = gamma.reshape(*gamma.shape[:-2], -1)
    lifted = space.constraints.lift(gammas).reshape(values.shape)
    moved = lifted + space.constraints.expand(space.constraints.restrict(values - lifted))
    return tuple((v, *own[1:]) if own else own for v, own in zip(moved, starts))
