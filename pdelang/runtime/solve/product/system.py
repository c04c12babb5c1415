"""The discrete problem on one slab (or one steady box): coefficients W -> residuals in test functions, and its derivative.

    R_e = <N_e(D^alpha u_f), q_j1 ... q_jd d_j>     u_f = start_f + sum W_f q ... q p

The residual of the equation paired with field f meets f's own test functions, those that satisfy its homogeneous
face conditions. Conditions that are not constraints (nonlinear, with varying coefficients, with time derivatives,
coupled) are rows of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pdelang.runtime.layout.faces import AxisConstraints, Constraints, NullSpace, StackedConstraints, null_space
from pdelang.runtime.layout.factor import Array, Factor
from pdelang.runtime.layout.product import along, contract, jet_grids, tensor_points
from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.representation import Index
from pdelang.runtime.solve.product.program import Program

STILL = 1e-3
"""Of |u| over the domain's lengths: terms below it are measured by it, so an error in u stays below this share of the tolerance."""

VANISHING = 1e-3
"""Of the largest field: a field that is zero but for rounding (a component of the magnetic field) is measured by the others."""


class UnsupportedError(Exception):
    """The product layout cannot hold this problem; the message says what, in a line."""


@dataclass(frozen=True, eq=False)
class Space:
    """Factors of the space axes and what the conditions make of them; shared by all slabs on one layout."""

    program: Program
    factors: tuple[Factor, ...]

    @property
    def dimension(self) -> int:
        return len(self.factors)

    @property
    def ranks(self) -> tuple[int, ...]:
        return tuple(f.rank for f in self.factors)

    @property
    def kernels(self) -> int:
        return int(np.prod([len(f.centres) for f in self.factors]))

    @cached_property
    def points(self) -> Array:
        return tensor_points([f.points for f in self.factors]) if self.factors else np.zeros((1, 0))

    @cached_property
    def values(self) -> list[Array]:
        return [f.values for f in self.factors]

    @cached_property
    def tests(self) -> list[Array]:
        return [f.test for f in self.factors]

    @cached_property
    def operators(self) -> list[list[Array | None]]:
        """For each axis <q_i, D^k q_j>, k = 0, 1, ...; None: the identity."""
        return [[None, *(t @ v for v in f.values[1:])] for t, f in zip(self.tests, self.factors)]

    @cached_property
    def nulls(self) -> list[list[NullSpace | None]] | None:
        """For each field and axis what the strong conditions leave free, None: all. None as a whole: they couple the fields."""
        constraints = self.constraints
        if isinstance(constraints, StackedConstraints) and constraints.members and self.program.fields > 1:
            return None
        spaces = constraints.spaces if isinstance(constraints, AxisConstraints) else [[constraints.space]] * self.program.fields
        return [[s if len(s.rows) else None for s in own] for own in spaces]

    @cached_property
    def _free(self) -> list[list[NullSpace | None]]:
        return self.nulls or [[None] * self.dimension] * self.program.fields

    @cached_property
    def free_tests(self) -> list[list[Array]]:
        """For each field and axis the test functions that satisfy the homogeneous conditions, (free, points)."""
        return [[t if null is None else null.restrict(t) for null, t in zip(own, self.tests)] for own in self._free]

    @cached_property
    def free_values(self) -> list[list[list[Array]]]:
        """For each field, axis and order the derivatives of the free basis functions, (points, free)."""
        return [[[v if null is None else null.combine(v) for v in f.values] for null, f in zip(own, self.factors)] for own in self._free]

    @cached_property
    def free_operators(self) -> list[list[list[Array]]]:
        """For each field, axis and order k <t_i, D^k b_j> of its free functions, (free, free)."""
        out = []
        for own in self._free:
            lines = []
            for null, rank, operators in zip(own, self.ranks, self.operators):
                every = [np.eye(rank) if o is None else o for o in operators]
                lines.append(every if null is None else [np.eye(rank - null.rank), *(null.combine(null.restrict(o)) for o in every[1:])])
            out.append(lines)
        return out

    def free_couplings(self, slot: int, field: int) -> list[list[Array | None]]:
        """For each axis and order k <t_i, D^k b_j>: tests of one field, basis of another; None: the identity."""
        known = self._couplings
        if (slot, field) not in known:
            pairs = zip(self.free_tests[slot], self.free_values[field])
            known[slot, field] = [[None if k == 0 and slot == field else t @ v for k, v in enumerate(values)] for t, values in pairs]
        return known[slot, field]

    @cached_property
    def _couplings(self) -> dict[tuple[int, int], list[list[Array | None]]]:
        return {}

    @cached_property
    def initial(self) -> tuple[int, ...]:
        p = self.program
        return tuple(n for n, c in enumerate(p.compiled.conditions) if p.is_initial(c, p.places[n]))

    def _strong_axis(self, number: int) -> int | None:
        """The space axis along which a condition constrains, or None where it does not: see the module's docstring."""
        condition, places = self.program.compiled.conditions[number], self.program.places[number]
        if not (condition.linear and condition.constant and condition.where is None) or number in self.initial:
            return None
        fixed = ~np.isnan(places[0])
        if fixed.sum() != 1:
            return None
        axis = int(np.argmax(fixed))
        if axis >= self.dimension:
            return None
        if any(sum(j.orders) != j.orders[axis] for j in condition.jets):
            return None
        if self.dimension > 1 and len({j.field for j in condition.jets}) != 1:
            return None
        if len({self.program.time_orders[j.field] for j in condition.jets}) != 1:
            return None
        return axis

    @cached_property
    def strong(self) -> dict[int, int]:
        """condition number -> axis."""
        axes = {n: self._strong_axis(n) for n in range(len(self.program.compiled.conditions))}
        return {n: axis for n, axis in axes.items() if axis is not None}

    @cached_property
    def weak(self) -> tuple[int, ...]:
        return tuple(n for n in range(len(self.program.compiled.conditions)) if n not in self.strong and n not in self.initial)

    def row(self, number: int, field: int) -> Array:
        """The functional that a strong condition applies along its axis to one field, (rank,)."""
        if (number, field) not in self._rows:
            self._rows[number, field] = self._functional(number, field)
        return self._rows[number, field]

    @cached_property
    def _rows(self) -> dict[tuple[int, int], Array]:
        return {}

    def _functional(self, number: int, field: int) -> Array:
        axis, condition, places = self.strong[number], self.program.compiled.conditions[number], self.program.places[number]
        jets = np.zeros((len(condition.jets), 1))
        partials = self.program.condition(number, jets, self._anywhere(number)[None])[1][:, 0]
        total = np.zeros(self.factors[axis].rank)
        for jet, weight in zip(condition.jets, partials):
            if jet.field == field:
                total = total + weight * self.factors[axis].functional(places[jet.place, axis], jet.orders[axis])
        return total

    def _anywhere(self, number: int) -> Array:
        lower, upper = self.program.bounds
        place = self.program.places[number][0]
        return np.where(np.isnan(place), 0.5 * (lower + upper), place)

    @cached_property
    def constraints(self) -> Constraints:
        p, F = self.program, self.program.fields
        if self.dimension == 1:
            r = self.factors[0].rank
            rows = [np.concatenate([self.row(n, f) for f in range(F)]) for n in self.strong]
            return StackedConstraints(F, r, null_space(np.array(rows).reshape(-1, F * r), F * r), tuple(self.strong))
        spaces, members = [], []
        for field in range(F):
            numbers = [
                tuple(n for n, axis in self.strong.items() if axis == i and p.compiled.conditions[n].jets[0].field == field)
                for i in range(self.dimension)
            ]
            members.append(tuple(numbers))
            spaces.append(
                tuple(null_space(np.array([self.row(n, field) for n in own]).reshape(-1, r), r) for own, r in zip(numbers, self.ranks))
            )
        return AxisConstraints(tuple(spaces), tuple(members))

    def face_points(self, number: int, times: Array | None) -> tuple[list[int], tuple[int, ...], Array]:
        """Free space axes, the grid's shape (free axes, then times), and the points (N, d) at place 0 of a condition."""
        place = self.program.places[number][0]
        free = [i for i in range(self.dimension) if np.isnan(place[i])]
        axes = [self.factors[i].points if i in free else place[i : i + 1] for i in range(self.dimension)]
        shape = [len(self.factors[i].points) for i in free]
        if self.program.time is not None:
            assert times is not None
            moving = np.isnan(place[self.program.time])
            axes.append(times if moving else place[self.program.time : self.program.time + 1])
            shape.append(len(times) if moving else 1)
        else:
            shape.append(1)
        return free, tuple(shape), tensor_points(axes)

    def gamma(self, number: int, times: Array | None) -> Array:
        """-N(0) of a strong condition in the bases of its free axes: (r_others..., len(times))."""
        free, shape, points = self.face_points(number, times)
        data = -self.program.at_rest(number, points).reshape(shape)
        return contract([self.factors[i].test for i in free], data)

    def face_matrices(self, number: int, index: Index, place: int) -> list[Array]:
        """One matrix a space axis: the functional where the place fixes the axis, the basis at its points where it is free."""
        fixed = self.program.places[number][place]
        return [
            f.values[k] if np.isnan(fixed[i]) else f.functional(fixed[i], k)[None] for i, (f, k) in enumerate(zip(self.factors, index[1]))
        ]

    def admissible(self, coefficients: Array, time: float | None) -> Array:
        """The nearest coefficients that satisfy the strong conditions at one time: lift + N N^T (c - lift)."""
        times = None if time is None else np.array([time])
        lifted = self.constraints.lift({n: self.gamma(n, times) for n in self.strong})
        rest = coefficients[..., None] - lifted
        return (lifted + self.constraints.expand(self.constraints.restrict(rest)))[..., 0]

    def project(self, values: Array) -> Array:
        """(fields, points...) on the grid -> coefficients (fields, r_1, ..., r_d)."""
        return np.stack([contract(self.tests, v) for v in values])


def energy(values: Array, weights: list[Array]) -> float:
    """Sum of the squares of values on a grid, with one list of weights an axis."""
    total = values * values
    for w in reversed(weights):
        total = total @ w
    return float(total)


@dataclass(frozen=True, eq=False)
class Quality:
    """Root mean squares a field slot: residual and scale (sum of |terms|), and the residual that time and each axis do not resolve.

    residual, scale, time: (fields,); axes: (d, fields).
    """

    residual: Array
    scale: Array
    time: Array
    axes: Array


@dataclass(frozen=True, eq=False)
class SlabSystem:
    """starts[f]: list of the coefficients of u, u_t, ... (fewer than the field's time order) at the slab's start."""

    space: Space
    time: TimeFactor
    begin: float
    length: float
    starts: tuple[tuple[Array, ...], ...]

    @property
    def program(self) -> Program:
        return self.space.program

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the full coefficients W."""
        return (self.program.fields, *self.space.ranks, self.time.modes)

    @cached_property
    def times(self) -> Array | None:
        return None if self.program.time is None else self.begin + self.length * self.time.points

    @cached_property
    def points(self) -> Array:
        """(N, d), columns contiguous."""
        if self.times is None:
            return self.space.points
        out = np.empty((self.space.dimension + 1, len(self.space.points), len(self.times)))
        out[:-1] = self.space.points.T[:, :, None]
        out[-1] = self.times
        return out.reshape(len(out), -1).T

    @cached_property
    def grid(self) -> tuple[int, ...]:
        return (*(len(f.points) for f in self.space.factors), len(self.time.points))

    def split(self, orders: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """Space orders and time order."""
        return (orders, 0) if self.program.time is None else (orders[:-1], orders[-1])

    def started(self, field: int, k: int) -> list[tuple[Array, Array]]:
        """The part of D_t^k u that the starts make: pairs of space coefficients and a function of time at the slab's points."""
        h, T, starts = self.length, self.time, self.starts[field]
        pairs = []
        for j in range(k, len(starts)):
            if j == k:
                pairs.append((starts[j], np.ones(len(T.points))))
            else:
                power = np.linalg.matrix_power(T.integration.T, j - k - 1)
                pairs.append((starts[j], h ** (j - k) * (T.unit @ power) @ T.integral.T))
        return pairs

    def jets(self, W: Array) -> Array:
        """All jets of the interior, (A, N) at the collocation points."""
        p = self.program
        out = self.base_jets.copy().reshape(-1, *self.grid)
        for field in np.flatnonzero([w.any() for w in W]):
            wanted = [(row, *self.split(orders)) for row, (f, orders) in enumerate(p.indices) if f == field]
            grids = jet_grids(self.space.values, W[field], {alpha for _, alpha, _ in wanted})
            for row, alpha, k in wanted:
                out[row] += grids[alpha] @ self.time.basis(p.time_orders[field], k, self.length).T
        return out.reshape(len(out), -1)

    @cached_property
    def base_jets(self) -> Array:
        """Jets of the part that the starts make, (A, N)."""
        out = np.zeros((len(self.program.indices), *self.grid))
        for row, (field, orders) in enumerate(self.program.indices):
            alpha, k = self.split(orders)
            for coefficients, moving in self.started(field, k):
                out[row] += contract([v[a] for v, a in zip(self.space.values, alpha)], coefficients)[..., None] * moving
        return out.reshape(len(out), -1)

    def test(self, residual: Array) -> Array:
        """(fields, N) at the points -> full coefficients (fields, r_1, ..., r_d, modes)."""
        grids = residual.reshape(len(residual), *self.grid) @ self.time.test.T
        return np.stack([contract(self.space.tests, g) for g in grids])

    def evaluate(self, W: Array) -> tuple[Array, Array, Array]:
        """Tested residual (full), partials (columns, N), sum of |terms| tested in the L2 norm (fields,)."""
        residual, partials, scale = self.program.interior(self.jets(W), self.points)
        return self.test(residual), partials, np.sqrt(np.mean(scale**2, axis=1))

    def quality(self, W: Array) -> Quality:
        """The residual at the collocation points, and what of it lies outside the test functions of time and of each axis."""
        residual, partials, scale = self.program.interior(self.jets(W), self.points)
        F, d = self.program.fields, self.space.dimension
        weights = [f.weights for f in self.space.factors]
        volume = float(np.prod([w.sum() for w in weights])) * float(self.time.weights.sum())
        grids = residual.reshape(F, *self.grid)
        total, sizes = (
            np.array([energy(g, [*weights, self.time.weights]) for g in v]) / volume for v in (grids, scale.reshape(grids.shape))
        )
        in_time = grids @ self.time.test.T
        one = np.ones(self.time.modes)
        kept = np.array([energy(g, [*weights, one]) for g in in_time]) / volume
        lost = np.zeros((d, F))
        for i, factor in enumerate(self.space.factors):
            tested = np.stack([along(factor.test, g, i) for g in in_time])
            if isinstance(self.space.constraints, StackedConstraints):
                whole = np.sum(self.space.constraints.restrict(tested) ** 2) * np.ones(F)
                lost[i] = np.maximum(kept.sum() - whole / volume, 0.0)
            else:
                for f in range(F):
                    free = along(self.space.constraints.spaces[f][i].null.T, tested[f], i)
                    rest = [np.ones(free.shape[i]) if j == i else w for j, w in enumerate(weights)]
                    lost[i, f] = max(kept[f] - energy(free, [*rest, one]) / volume, 0.0)
        scales = np.maximum(np.sqrt(sizes), self._natural(W, partials))
        return Quality(np.sqrt(total), scales, np.sqrt(np.maximum(total - kept, 0.0)), np.sqrt(lost))

    def _natural(self, W: Array, partials: Array) -> Array:
        """Least scale of each slot's terms: STILL |dN/djet| |u| prod (2/length)^orders, where a constant makes every term rounding."""
        p, factors = self.program, self.space.factors
        halves = np.array([*(0.5 * (f.upper - f.lower) for f in factors), *([0.5 * p.span] if p.time is not None else [])])
        volume = float(np.prod(2 * halves[: len(factors)]))
        sizes = [np.sqrt(np.sum((own[0] if own else W[f]) ** 2) / volume) for f, own in enumerate(self.starts)]
        sizes = [max(size, VANISHING * max(sizes)) for size in sizes]
        least = np.zeros(p.fields)
        for partial, coefficient in zip(p.partials, partials):
            field, orders = partial.index
            jet = sizes[field] * np.prod(halves ** -np.array(orders, dtype=float))
            least[partial.slot] = max(least[partial.slot], STILL * jet * np.sqrt(np.mean(coefficient**2)))
        return least

    def lifting(self) -> Array:
        """W that makes the strong conditions hold over the slab, given that they hold at its start."""
        space, p = self.space, self.program
        data = {}
        for number in space.strong:
            gamma = space.gamma(number, self.times)
            for jet in p.compiled.conditions[number].jets[:1]:
                order = p.time_orders[jet.field]
            gamma = gamma - self._face_started(number)
            data[number] = gamma @ self.time.fit(order, self.length).T
        if not data:
            return np.zeros(self.shape)
        return space.constraints.lift(data)

    def _face_started(self, number: int) -> Array:
        """What a strong condition's functional gives on the starts' part, in the bases of its free axes."""
        space, axis = self.space, self.space.strong[number]
        total: Array | float = 0.0
        for field in {j.field for j in self.program.compiled.conditions[number].jets}:
            row = space.row(number, field)
            for coefficients, moving in self.started(field, 0):
                total = total + np.tensordot(row, coefficients, (0, axis))[..., None] * moving
        return np.asarray(total)

    # Conditions that are rows ------------------------------------------------------------------------------

    def face_jets(self, number: int, W: Array, started: bool) -> Array:
        """(A_c, N_face) of a weak condition; `started` adds the starts' part."""
        condition = self.program.compiled.conditions[number]
        rows = []
        for jet in condition.jets:
            alpha, k = self.split(jet.orders)
            matrices = self.space.face_matrices(number, (jet.field, alpha), jet.place)
            grid = contract(matrices, W[jet.field]) @ self.time.basis(self.program.time_orders[jet.field], k, self.length).T
            if started:
                for coefficients, moving in self.started(jet.field, k):
                    grid = grid + contract(matrices, coefficients)[..., None] * moving
            rows.append(grid.ravel())
        return np.array(rows).reshape(len(condition.jets), -1)

    def face_test(self, number: int, values: Array) -> Array:
        """(N_face,) -> coefficients in the bases of the free axes and of time, (rows, modes)."""
        free, shape, _ = self.space.face_points(number, self.times)
        grid = values.reshape(shape) @ self.time.test.T
        return contract([self.space.factors[i].test for i in free], grid).reshape(-1, self.time.modes)

    def weak_residual(self, number: int, W: Array) -> tuple[Array, Array]:
        """Tested residual (rows, modes) and partials (A_c, N_face), masked by `where`."""
        points = self.space.face_points(number, self.times)[2]
        residual, partials, mask = self.program.condition(number, self.face_jets(number, W, True), points)
        return self.face_test(number, np.where(mask, residual, 0.0)), np.where(mask, partials, 0.0)

    def weak_derivative(self, number: int, V: Array, partials: Array) -> Array:
        return self.face_test(number, (partials * self.face_jets(number, V, False)).sum(axis=0))

    # The slab's end -----------------------------------------------------------------------------------------

    def chain(self, W: Array, field: int) -> list[Array]:
        """V_k of U_k = s_k + V_k p, k = 0 .. order - 1."""
        starts = self.starts[field]
        chain = [W[field]]
        for start in reversed(starts[1:]):
            chain.insert(0, self.length * (start[..., None] * self.time.unit + chain[0] @ self.time.integration.T))
        return chain if starts else []

    def ended(self, W: Array) -> tuple[tuple[Array, ...], ...]:
        """The starts of the next slab."""
        one = np.ones(1)
        return tuple(
            tuple(s + self.time.evaluate(one, v)[..., 0] for s, v in zip(self.starts[f], self.chain(W, f)))
            for f in range(self.program.fields)
        )

    def over_time(self, W: Array) -> Array:
        """Space coefficients of the fields at the slab's time points: (fields, r_1, ..., r_d, times)."""
        out = []
        for field in range(self.program.fields):
            moving = W[field] @ self.time.basis(self.program.time_orders[field], 0, self.length).T
            for coefficients, function in self.started(field, 0):
                moving = moving + coefficients[..., None] * function
            out.append(moving)
        return np.stack(out)

    def shortened(self, length: float) -> SlabSystem:
        return replace(self, length=length)
