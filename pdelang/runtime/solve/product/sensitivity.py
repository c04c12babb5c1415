r"""Sensitivities of a solution on a product layout: v = du/dc, one linear problem a parameter, from slab to slab.

    sum_a (dN/du_a)(u) D^a v = -dN/dc(u)     in the domain,     the same for every condition, the start's included

It is the problem itself, linearised: `Linearised` takes the compiled residual's derivative in the jets at u, its derivative in the
parameter by `jax.jvp`, and everything that solves a program (test functions, lifting, frozen operators, slabs) solves it.
The layout is the solution's own, a little finer, made again from its kernels: a solution from a file will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicSpline
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.layout.factor import Array, Factor, circle, gauss_legendre, orthonormalised
from pdelang.runtime.layout.product_representation import Axis, ProductExpansion
from pdelang.runtime.layout.slab import no_time, time_factor
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.product.gauss_newton import galerkin_wanted, least_squares_wanted, solve_galerkin, solve_least_squares
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import initial_coefficients
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.solved import Inverse, Solved
from pdelang.runtime.solve.product.system import SlabSystem, Space, UnsupportedError
from pdelang.runtime.solve.product.transfer import Starts, made_admissible, transferred
from pdelang.runtime.solve.slabs import Slabs

FINER, MORE_TIME = 1.2, 3  # kernels in space and in time: du/dc is a derivative, and rougher than u
TOLERANCE = 1e-11  # of the linear solves
OVERSAMPLING = 1.5
TRUNCATION = 1e-14
UNIFORM = 1e-9  # spacings that differ by less, relative, are one

_TANGENTS: dict[tuple[str, int | None], Any] = {}


@dataclass(frozen=True, eq=False)
class Linearised(Program):
    """The program of v. solution: u, at whose jets everything is taken. tangent: name -> direction in the parameters, zero but for c."""

    solution: Representation | None = None
    tangent: Mapping[str, Any] = field(default_factory=dict)
    known: dict[Any, tuple[Array, Array]] = field(default_factory=dict)

    @property
    def linear(self) -> bool:
        return True

    def _jets(self, points: Array, jets: tuple[Any, ...], key: Any) -> Array:
        """Of u at points that are a tensor grid as often as not; what was asked for last is kept."""
        before = self.known.get(key)
        if before is None or before[0] is not points:
            self.known[key] = before = (points, _evaluated(self.solution, points, jets))
        return before[1]

    def interior(self, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        own = Program(self.compiled, self.params, self.space_time)
        base = self._jets(points, self.indices, "interior")
        _, partials, _ = own.interior(base, points)
        where = {index: row for row, index in enumerate(self.indices)}
        source = np.zeros((self.fields, jets.shape[1]))
        for equation, slot in zip(self.compiled.equations, self.slots):
            rows = np.array([where[j.field, j.orders] for j in equation.jets], dtype=int)
            source[slot] += self._tangent(equation, base[rows], points)
        residual, scale = source.copy(), np.abs(source)
        for partial, slope in zip(self.partials, partials):
            term = slope * jets[where[partial.index]]
            residual[partial.slot] += term
            scale[partial.slot] += np.abs(term)
        return residual, partials, scale

    def condition(self, number: int, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        own, condition = Program(self.compiled, self.params, self.space_time), self.compiled.conditions[number]
        base = np.empty((len(condition.jets), len(points)))
        for row, jet in enumerate(condition.jets):
            place = self.places[number][jet.place]
            at = np.where(np.isnan(place), points, np.nan_to_num(place))
            base[row] = _evaluated(self.solution, at, ((jet.field, jet.orders),))[0]
        _, partials, mask = own.condition(number, base, points)
        return (partials * jets).sum(axis=0) + self._tangent(condition, base, points), partials, mask

    def at_rest(self, number: int, points: Array) -> Array:
        return self.condition(number, np.zeros((len(self.compiled.conditions[number].jets), len(points))), points)[0]

    def _tangent(self, equation: Any, jets: Array, points: Array) -> Array:
        """dN/dc, (N,)."""

        def slope(jets: Any, points: Any, params: Any, tangent: Any) -> Any:
            def residual(p: Any) -> Any:
                value = equation.residual(jets, points, p)
                return value if equation.where is None else jnp.where(equation.where(points, p), value, 0.0)

            return jax.jvp(residual, (params,), (tangent,))[1]

        key = (self.compiled.key, [*self.compiled.equations, *self.compiled.conditions].index(equation))
        if key not in _TANGENTS:
            _TANGENTS[key] = jax.jit(slope)
        params = {name: jnp.asarray(value, float) for name, value in self.params.items()}
        return np.broadcast_to(np.asarray(_TANGENTS[key](jets, points, params, dict(self.tangent))), len(points))


def _evaluated(solution: Representation | None, points: Array, indices: tuple[Any, ...]) -> Array:
    """(A, N): by small products where the points are a tensor grid, last coordinate fastest."""
    assert solution is not None
    axes = [np.unique(column) for column in points.T]
    if np.prod([len(a) for a in axes]) == len(points):
        mesh = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
        if np.array_equal(mesh, points):
            return solution.grid_jets(axes, indices).reshape(len(indices), -1)
    return solution.jets(points, indices)


def components(params: Parameters) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every scalar parameter, `a[2]` for the second component of a vector, and its direction."""
    zero = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    for name, value in params.items():
        if np.ndim(value) == 0:
            yield name, {**zero, name: np.ones(())}
        else:
            for n in range(len(value)):
                yield f"{name}[{n + 1}]", {**zero, name: np.eye(len(value))[n]}


def moves(compiled: CompiledProblem, params: Parameters, tangent: Mapping[str, Any]) -> bool:
    """Does the parameter move the domain, or the place of a condition?"""

    def places(p: Any) -> Any:
        return [*compiled.bounds(p), *(jnp.nan_to_num(c.locate(p)) for c in compiled.conditions)]

    values = {name: jnp.asarray(value, float) for name, value in params.items()}
    return any(bool(jnp.any(t != 0)) for t in jax.jvp(places, (values,), (dict(tangent),))[1])


@threadpool_limits.wrap(limits=1)
def sensitivity(compiled: CompiledProblem, params: Parameters, solution: Representation, tangent: Mapping[str, Any]) -> Representation:
    """du/dc in the direction `tangent`. UnsupportedError: says why it cannot be had."""
    parts = solution.parts if isinstance(solution, Slabs) else (solution,)
    if not all(isinstance(p, ProductExpansion) for p in parts):
        raise UnsupportedError("sensitivities need the method product: this solution has kernels of its own")
    if moves(compiled, params, tangent):
        raise UnsupportedError("it moves the domain or the place of a condition, along which the solution is not differentiated")
    expansions = [p for p in parts if isinstance(p, ProductExpansion)]
    steady = expansions[0].time is None
    program = Linearised(compiled, params, steady and compiled.problem.time is not None, solution, tangent)
    if steady:
        return ProductExpansion.of(*_steady(program, expansions[0]))
    return Slabs(solution.edges, tuple(_march(program, expansions))) if isinstance(solution, Slabs) else next(_march(program, expansions))


def _steady(program: Linearised, part: ProductExpansion) -> tuple[SlabSystem, Array]:
    system = SlabSystem(refitted(program, part), no_time(), 0.0, 1.0, ((),) * program.fields)
    if least_squares_wanted(system):
        solved = solve_least_squares(system, TOLERANCE, None, 4)
    elif galerkin_wanted(system):
        solved = solve_galerkin(system, TOLERANCE, None, 4)
    else:
        solved = solve_slab(system, TOLERANCE, {}, None)
    return system, _checked(solved)


def _march(program: Linearised, parts: list[ProductExpansion]) -> Iterator[ProductExpansion]:
    """The sensitivity of the start is carried from slab to slab."""
    space: Space | None = None
    axes: tuple[Axis, ...] | None = None
    starts: Starts = ()
    cache: dict[object, Inverse | None] = {}
    for part in parts:
        assert part.time is not None
        if axes is None or any(not np.array_equal(a.centres, b.centres) for a, b in zip(axes, part.axes)):
            finer = refitted(program, part)
            starts = initial_coefficients(finer)[0] if space is None else _moved(space, finer, starts)
            space, axes = finer, part.axes
            cache.clear()
        assert space is not None
        starts = made_admissible(space, starts, part.begin)
        system = SlabSystem(space, time_factor(len(part.time.centres) + MORE_TIME), part.begin, part.length, starts)
        W = _checked(solve_slab(system, TOLERANCE, cache, None))
        yield ProductExpansion.of(system, W)
        starts = system.ended(W)


def _moved(old: Space, new: Space, starts: Starts) -> Starts:
    return tuple(tuple(transferred(old, new, s) for s in own) for own in starts)


def _checked(solved: Solved) -> Array:
    if not (solved.converged and np.isfinite(solved.W).all()):
        raise UnsupportedError("the linearised problem could not be solved on the solution's own layout")
    return solved.W


def refitted(program: Program, part: ProductExpansion) -> Space:
    """The part's own layout, FINER, from its kernels: a spline through the centres is the map that graded them."""
    lower, upper = program.bounds
    ends = zip(part.axes, lower, upper, program.orders)
    return Space(program, tuple(_factor(axis, float(low), float(high), int(order)) for axis, low, high, order in ends))


def _factor(axis: Axis, lower: float, upper: float, order: int) -> Factor:
    n = len(axis.centres)
    kernels = int(np.ceil(FINER * n))
    spacings = np.diff(axis.centres)
    uniform = float(np.ptp(spacings)) < UNIFORM * float(spacings.mean())
    if axis.period is not None and uniform:
        return circle(lower, upper, kernels, order, oversampling=OVERSAMPLING)
    z = np.arange(n, dtype=float)
    if axis.period is not None:
        kernels += 1 - kernels % 2
        place = CubicSpline(np.append(z, n), np.append(axis.centres, axis.centres[0] + axis.period))
        width = CubicSpline(np.append(z, n), np.append(axis.widths, axis.widths[0]), bc_type="periodic")
        own, ends = n * np.arange(kernels) / kernels, (0.0, float(n))
    else:
        place, width = CubicSpline(z, axis.centres), CubicSpline(z, axis.widths)
        own = np.linspace(0, n - 1, kernels)
        ends = (float(place.solve(lower, extrapolate=False)[0]), float(place.solve(upper, extrapolate=False)[0]))
    x, w = gauss_legendre(int(np.ceil(OVERSAMPLING * kernels)))
    points = 0.5 * (ends[0] + ends[1]) + 0.5 * (ends[1] - ends[0]) * x
    widths = width(own) * (n - 1) / (kernels - 1)
    return orthonormalised(
        lower, upper, place(own), widths, place(points), w * place(points, 1) * 0.5 * (ends[1] - ends[0]), order, axis.period,
        TRUNCATION, None,
    )  # fmt: skip
