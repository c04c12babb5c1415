"""Inverses that all instances of a group share: the pilot's frozen operator, and how the parameters change it.

    A_b = A_0 + sum_i s_bi D_i,      A_0^-1 D_i = V diag(mu_i) V^-1      =>      A_b^-1 = V diag(1 / (1 + sum_i s_bi mu_i)) V^-1 A_0^-1

an eigenvalue of the integration matrix at a time. One direction D always has its own V; several (advection and diffusion on a circle)
often share one. With constant coefficients that is exact but for the conditioning of V and of the integration matrix (about 1e-6), so
all instances cost two products twice; else it preconditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.iteration import invert
from pdelang.runtime.solve.product.linear import Frozen, frozen_blocks
from pdelang.runtime.solve.product.solved import Inverse as OneInverse
from pdelang.runtime.solve.product.system import SlabSystem, UnsupportedError
from pdelang.runtime.sweep.program import BatchProgram

SAMPLES = 48  # points at which the coefficients of all instances are compared
DIRECTIONS = 3
WORTH = 2  # instances an unknown in space from which eigenvectors are worth their 25 n^3, where they only precondition
NEGLIGIBLE = 1e-9  # of the coefficients' variation
DIAGONAL = 1e-8  # what V^-1 E V may have off the diagonal, relative
CONDITION = 1e8  # of eigenvectors


class Inverse(Protocol):
    """R, and s (directions, B) of the instances in it -> update; both (size, modes, B)."""

    def __call__(self, R: Array, shares: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class Mode:
    """One eigenvalue of the integration matrix: left = V^-1 A_0^-1, V, mu (directions, size)."""

    left: Array
    right: Array | None
    symbols: Array

    def __call__(self, column: Array, shares: Array) -> Array:
        hat = self.left @ column
        if self.right is None:
            return hat
        return self.right @ (hat / (1.0 + self.symbols.T @ shares))


@dataclass(frozen=True, eq=False)
class Modes:
    """One dense inverse an eigenvalue; conjugate pairs once."""

    system: SlabSystem
    modes: tuple[Mode, ...]
    chosen: Array

    def __call__(self, R: Array, shares: Array) -> Array:
        T = self.system.time
        hat = np.matmul(T.inverse[self.chosen], R)  # (size, chosen, B)
        solved = np.stack([mode(hat[:, n], shares) for n, mode in enumerate(self.modes)], axis=1)
        twice = np.where(T.eigenvalues[self.chosen].imag > 0, 2.0, 1.0)
        vectors = T.eigenvectors[:, self.chosen] * twice
        return np.matmul(vectors.real, solved.real) - np.matmul(vectors.imag, solved.imag)


@dataclass(frozen=True, eq=False)
class Each:
    """The pilot's own inverse, an instance at a time: in several space coordinates each of them is work enough."""

    apply: OneInverse

    def __call__(self, R: Array, shares: Array) -> Array:
        return np.stack([self.apply(np.ascontiguousarray(R[..., b])) for b in range(R.shape[-1])], axis=-1)


@dataclass(frozen=True, eq=False)
class Directions:
    """shares (directions, B): where each instance lies; numbers: the instances that span them, relative to the pilot."""

    shares: Array
    numbers: tuple[int, ...]


def directions(system: SlabSystem, batch: BatchProgram, jets: Array, partials: Array) -> Directions:
    """How the derivative's coefficients at the pilot's solution vary with the parameters. jets (A, N), partials (columns, N)."""
    N = jets.shape[1]
    chosen = np.unique(np.linspace(0, N - 1, SAMPLES).astype(int))
    every = np.repeat(jets[:, chosen, None], batch.size, axis=2)
    own = batch.partials(every, system.points[chosen]) - partials[:, chosen, None]
    size = max(float(np.abs(partials).max()), 1e-300)
    left = own.reshape(-1, batch.size) / size
    numbers: list[int] = []
    scale, basis = float(np.abs(left).max(initial=0.0)), np.zeros((len(left), 0))
    remaining = left.copy()
    while len(numbers) < DIRECTIONS and float(np.abs(remaining).max(initial=0.0)) > NEGLIGIBLE * max(scale, 1e-6):
        numbers.append(int(np.argmax(np.linalg.norm(remaining, axis=0))))
        basis = left[:, numbers]
        remaining = left - basis @ np.linalg.lstsq(basis, left, rcond=None)[0]
    shares = np.linalg.lstsq(basis, left, rcond=None)[0] if numbers else np.zeros((0, batch.size))
    return Directions(shares, tuple(numbers))


def inverse_for(system: SlabSystem, W: Array, batch: BatchProgram) -> tuple[Inverse, Array]:
    """The shared inverse on one slab, frozen at the pilot's solution W, and the shares (directions, B) of the instances."""
    space = system.space
    if space.weak:
        raise UnsupportedError("conditions that are rows of their own")
    jets = system.jets(W)
    partials = system.program.interior(jets, system.points)[1]
    if space.dimension != 1:
        return Each(invert(system, partials, {})[0]), np.zeros((0, batch.size))
    worth = system.program.constant or batch.size > WORTH * space.constraints.size
    ways = directions(system, batch, jets, partials) if worth else Directions(np.zeros((0, batch.size)), ())
    others = [_other(system, batch, jets, n) for n in ways.numbers]
    blocks = [frozen_blocks(system, p, {}) for p in (partials, *others)]
    chosen = np.flatnonzero(system.time.eigenvalues.imag >= 0)
    modes = [_mode(system, blocks, int(j)) for j in chosen]
    if any(m is None for m in modes):
        modes = [_mode(system, blocks[:1], int(j)) for j in chosen]
        ways = Directions(np.zeros((0, batch.size)), ())
    return Modes(system, tuple(m for m in modes if m is not None), chosen), ways.shares


def _other(system: SlabSystem, batch: BatchProgram, jets: Array, number: int) -> Array:
    return batch.take(np.array([number])).partials(jets[..., None], system.points)[..., 0]


def _operator(system: SlabSystem, frozen: Frozen, j: int) -> Array:
    T, size = system.time, system.space.constraints.size
    total = np.zeros((size, size), dtype=complex)
    for (order, k), matrix in frozen.interior.items():
        total += T.symbol(order, k, system.length)[j] * matrix
    return total if T.eigenvalues[j].imag else total.real


def _mode(system: SlabSystem, blocks: Sequence[Frozen], j: int) -> Mode | None:
    """None: the directions do not share eigenvectors, or these are useless."""
    A, *others = (_operator(system, b, j) for b in blocks)
    inverse = np.linalg.inv(A)
    if not others:
        return Mode(inverse, None, np.zeros((0, len(A))))
    relative = [inverse @ (other - A) for other in others]
    weights = 1.0 + 0.6180339887 * np.arange(len(relative))
    V = np.linalg.eig(sum(w * E / max(np.abs(E).max(), 1e-300) for w, E in zip(weights, relative)))[1]
    if not np.linalg.cond(V) < CONDITION:
        return None
    left, symbols = np.linalg.inv(V), []
    for E in relative:
        D = left @ E @ V
        symbols.append(np.diag(D))
        if np.abs(D - np.diag(symbols[-1])).max() > DIAGONAL * max(np.abs(D).max(), 1e-300):
            return None
    return Mode(left @ inverse, V, np.array(symbols))
