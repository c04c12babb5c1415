"""Linear conditions at faces as constraints on the coefficients along one axis.

    C W = Gamma   =>   W = L Gamma + N Y,    L = C^+,   N an orthonormal basis of the null space of C, Y free

Gamma is the data in the other axes' bases. Over several axes the liftings are sequential: the next one acts on what the
earlier constraints leave free, so compatible corners are exact. In one dimension the fields may be coupled: their
coefficients are stacked. Both classes have the same interface; coefficients are arrays (fields, r_1, ..., r_d, modes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import along, contract


@dataclass(frozen=True, eq=False)
class NullSpace:
    """C scaled to unit rows; scale: what the data are divided by; lift = C^+ (n, c). N = (I - Y M Y^T)[:, r:], Y (n, r), M (r, r).

    The block reflector takes an orthonormal basis A of C's rows to +-[S; 0], so its last columns are orthogonal to them, and a product
    with N costs r columns in place of n. Source: Schreiber and Parlett, Block reflectors (1988).
    """

    rows: Array
    scale: Array
    lift: Array
    reflector: Array
    middle: Array

    @property
    def rank(self) -> int:
        return self.reflector.shape[1]

    @cached_property
    def null(self) -> Array:
        """N, an orthonormal basis, (n, n - rank)."""
        n, r = self.reflector.shape
        return np.eye(n)[:, r:] - self.reflector @ (self.middle @ self.reflector[r:].T)

    def expand(self, free: Array) -> Array:
        """N free, (n - rank, m) -> (n, m)."""
        r = self.rank
        out = np.concatenate([np.zeros((r, free.shape[1])), free])
        return out - self.reflector @ (self.middle @ (self.reflector[r:].T @ free)) if r else out

    def restrict(self, full: Array) -> Array:
        """N^T full, (n, m) -> (n - rank, m)."""
        r = self.rank
        return full[r:] - self.reflector[r:] @ (self.middle @ (self.reflector.T @ full)) if r else full

    def combine(self, columns: Array) -> Array:
        """columns N, (m, n) -> (m, n - rank)."""
        return self.restrict(columns.T).T

    def deficit(self, coefficients: Array, data: Array, axis: int) -> Array:
        """Gamma - C W, scaled, along one axis."""
        shape = [1] * data.ndim
        shape[axis] = -1
        return data / self.scale.reshape(shape) - along(self.rows, coefficients, axis)


def null_space(rows: Array, length: int) -> NullSpace:
    """Rank-revealing: a redundant condition (both ends of a periodic pair, say) is dropped, the lifting is least squares."""
    if len(rows) == 0:
        return NullSpace(np.zeros((0, length)), np.ones(0), np.zeros((length, 0)), np.zeros((length, 0)), np.zeros((0, 0)))
    scale = np.linalg.norm(rows, axis=1)
    scale[scale == 0] = 1.0  # a condition whose `where` holds nowhere on its face
    C = rows / scale[:, None]
    U, S, Vt = np.linalg.svd(C, full_matrices=False)
    rank = int((1e-10 * S[0] < S).sum())
    reflector = Vt[:rank].T.copy()
    left, cosines, right = np.linalg.svd(reflector[:rank])
    reflector[:rank] += left @ right  # away from the polar factor of the head: Y^T Y = 2 (I + W cosines W^T)
    middle = (right.T / (1 + cosines)) @ right
    return NullSpace(C, scale, Vt[:rank].T / S[:rank] @ U[:, :rank].T, reflector, middle)


@dataclass(frozen=True, eq=False)
class StackedConstraints:
    """One space axis; the fields' coefficients stacked to (fields * r, modes)."""

    fields: int
    rank: int
    space: NullSpace
    members: tuple[int, ...]  # numbers of the conditions, in the order of the rows

    @property
    def size(self) -> int:
        return self.space.null.shape[1]

    def expand(self, free: Array) -> Array:
        return self.space.expand(free).reshape(self.fields, self.rank, -1)

    def restrict(self, full: Array) -> Array:
        return self.space.restrict(full.reshape(self.fields * self.rank, -1))

    def lift(self, data: dict[int, Array]) -> Array:
        """data: for each condition its Gamma, (modes,)."""
        modes = len(next(iter(data.values()))) if data else 1
        gamma = np.array([data[m] for m in self.members]).reshape(len(self.members), modes)
        return (self.space.lift @ (gamma / self.space.scale[:, None])).reshape(self.fields, self.rank, modes)


@dataclass(frozen=True, eq=False)
class AxisConstraints:
    """spaces[f][i]: null space of field f along axis i; members[f][i]: numbers of its conditions there."""

    spaces: tuple[tuple[NullSpace, ...], ...]
    members: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [tuple(s.null.shape[1] for s in axes) for axes in self.spaces]

    @property
    def size(self) -> int:
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def split(self, free: Array) -> list[Array]:
        """(size, modes) -> one tensor a field, (k_1, ..., k_d, modes)."""
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(free, np.cumsum(sizes)[:-1])
        return [p.reshape(*shape, free.shape[1]) for p, shape in zip(parts, self.shapes)]

    def join(self, parts: Sequence[Array]) -> Array:
        return np.concatenate([p.reshape(-1, p.shape[-1]) for p in parts])

    def expand(self, free: Array) -> Array:
        return np.stack([contract([s.null if s.rank else None for s in axes], part) for axes, part in zip(self.spaces, self.split(free))])

    def restrict(self, full: Array) -> Array:
        return self.join([contract([s.null.T if s.rank else None for s in axes], part) for axes, part in zip(self.spaces, full)])

    def lift(self, data: dict[int, Array]) -> Array:
        """data: for each condition its Gamma in the full bases of the other axes, (r_others..., modes)."""
        modes = next(iter(data.values())).shape[-1] if data else 1
        out = []
        for axes, members in zip(self.spaces, self.members):
            total = np.zeros((*(s.null.shape[0] for s in axes), modes))
            for i, (space, numbers) in enumerate(zip(axes, members)):
                if not numbers:
                    continue
                gamma = space.deficit(total, np.stack([data[n] for n in numbers], axis=i), i)
                step = along(space.lift, gamma, i)
                for k in range(i):  # keep what the earlier axes have fixed
                    step = step - along(axes[k].lift @ axes[k].rows, step, k)
                total = total + step
            out.append(total)
        return np.stack(out)


Constraints = StackedConstraints | AxisConstraints
