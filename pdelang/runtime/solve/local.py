"""Refinement of an answer where a change is felt: kernels near it are adapted anew, the others stay as they are.

    u = u_old + delta,    delta = sum_{k in S} dw_k phi_k,    min | N(u; new) - N(u_old; old) |^2 over the points that S acts on

The change is the residual of the old expansion at the new parameters, less what it had at the old ones. S begins with the kernels that act
where that exceeds a share of the tolerance, and grows by a halo wherever, with the correction, it still does: at the rim, as long as the
influence of the change goes on. Where it goes on through the whole domain nothing is saved, and the problem is solved anew. The new answer
is as good as the old one wherever the kernels that are there can hold the correction. What its rim cuts off is estimated by the last
growth of S: the difference of the two answers, times the ratio of what they miss.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.collocation import EquationRows, Parameters, System, at_places, evaluate, evaluate_terms, holds, jets_of
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.neighbours import Kernels, cut_for, sparse_basis
from pdelang.runtime.objective import alpha
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import Progress
from pdelang.runtime.sampling import box
from pdelang.runtime.solve.frontal import factorised
from pdelang.runtime.validation import JetSizes, root_mean_square

SHARE = 0.1
"""Of the tolerance, at every single point: what is left of the change where nothing is adapted."""
HALO = 2.0
"""Widths around a point that misses, within which kernels join. `benchmarks/local.py --halo`: 4 widths free 39 % of the kernels, 2 widths
26 %."""
MOST = 0.6
"""Of all kernels: beyond it a solve of its own costs no more."""
ROUNDS, STEPS = 24, 4
"""Growths of S; steps of Gauss-Newton in each, where the problem is nonlinear."""
SCALE_POINTS = 512


@dataclass(frozen=True, eq=False)
class Local:
    """expansion: None where the change is not local, or not within reach of the kernels. adapted (K,) bool; why: of None, a few words."""

    expansion: GaussianExpansion | None
    adapted: np.ndarray
    rounds: int
    left_out: np.ndarray
    why: str = ""


@dataclass(frozen=True, eq=False)
class _Patch:
    """Some of the kernels, as a layout of their own."""

    geometry: Kernels
    cut: float
    axes: tuple[()] = ()

    @property
    def kernels(self) -> int:
        return len(self.geometry.centres)

    def basis(self, z: np.ndarray, orders: Sequence[tuple[int, ...]]) -> list[csr_array]:
        return sparse_basis(self.geometry, z, orders, self.cut)


@dataclass(eq=False)
class _Rows:
    """One equation or condition, at all of its points. places (P, N, d); share (N,); target (N,): residual of the old answer at the old
    parameters; allowed: by how much it may be missed; jets (A, N) of the old answer; missed (N,): what is left of the change."""

    equation: CompiledEquation
    places: np.ndarray
    share: np.ndarray
    jets: np.ndarray
    target: np.ndarray
    allowed: float
    missed: np.ndarray = field(init=False)


def local(
    compiled: CompiledProblem, params: Parameters, before: CompiledProblem, old: Parameters, expansion: GaussianExpansion,
    options: SolveOptions, progress: Progress,
) -> Local:  # fmt: skip
    """before, old: the program and the parameters that `expansion` solves; programs have the same fields, equations and conditions."""
    kernels = _geometry(expansion)
    rows = _all_rows(compiled, params, before, old, expansion, kernels, options)
    for row in rows:
        row.missed = evaluate(row.equation, row.jets, row.places[0], params)[0] - row.target
    z = [_reference(expansion, row.places[0]) for row in rows]
    count, fields = expansion.kernels, expansion.fields
    inside, delta, last = np.zeros(count, dtype=bool), np.zeros((fields, count)), np.zeros((fields, count))
    linear = compiled.analysis.linear and compiled.analysis.conditions_linear
    deadline, tree, worst, fallen = time.monotonic() + options.time_limit, _OwnUnits(kernels), np.inf, 0.0
    for number in range(ROUNDS):
        wrong = np.concatenate([p[~(np.abs(row.missed) <= row.allowed)] for row, p in zip(rows, z)])
        grown = inside | tree.near(wrong) if len(wrong) else inside
        if np.array_equal(grown, inside):
            if len(wrong):
                return Local(None, inside, number, _zero(fields), "the kernels that are there cannot hold it")
            break
        if grown.mean() > MOST:
            return Local(None, grown, number, _zero(fields), f"{grown.sum():,} of {count:,} kernels feel it")
        if time.monotonic() > deadline:
            return Local(None, grown, number, _zero(fields), "out of time")
        inside, last = grown, delta
        delta = _corrected(rows, z, expansion, kernels, inside, delta, options, params, 1 if linear else STEPS)
        before_it, worst = worst, max(float(np.max(np.abs(row.missed) / row.allowed, initial=0.0)) for row in rows)
        fallen = min(1.0, worst / before_it)
        progress("adapting", None, kernels=float(inside.sum()), missed=worst * SHARE * options.tolerance)
    else:
        return Local(None, inside, ROUNDS, _zero(fields), f"after {ROUNDS} rounds it still goes on")
    found = _with_weights(expansion, np.asarray(expansion.weights) + delta)
    points = box(expansion.lower, expansion.upper, SCALE_POINTS, options.seed + 15485863)
    apart = _with_weights(expansion, delta - last).jets(points, [(f, (0,) * expansion.dimension) for f in range(fields)])
    return Local(found, inside, number, fallen * np.sqrt(np.mean(apart**2, axis=1)))


def _corrected(
    rows: list[_Rows], z: list[np.ndarray], expansion: GaussianExpansion, kernels: Kernels, inside: np.ndarray, delta: np.ndarray,
    options: SolveOptions, params: Parameters, steps: int,
) -> np.ndarray:  # fmt: skip
    """delta (F, K), solved for anew on the kernels `inside`; `missed` of all rows follows."""
    chosen = np.flatnonzero(inside)
    cut = cut_for(SHARE * options.tolerance)
    patch = _Patch(Kernels(kernels.centres[chosen], kernels.scales[chosen], kernels.shears[chosen], kernels.periodic), cut)
    felt = [(row, part) for row, part in zip(rows, [_felt(patch, own) for own in z]) if len(part)]
    blocks = [
        EquationRows(row.equation, row.places[:, part], np.sqrt(alpha(row.equation.kind, options) * row.share[part]), params)
        for row, part in felt
    ]
    system = System(patch, expansion.fields, expansion.lower, expansion.upper, blocks)  # type: ignore[arg-type]
    system.scales = np.array([row.allowed for row, _ in felt])
    values = delta[:, chosen].copy()

    def missed() -> tuple[list[np.ndarray], list[np.ndarray]]:
        """What is left of the change in each block, and the partials."""
        jets = [row.jets[:, part] + j for (row, part), j in zip(felt, system.jets(values))]
        residual, partials = system.linearise(jets)
        return [r - row.target[part] for r, (row, part) in zip(residual, felt)], partials

    left, partials = missed()
    for _ in range(steps):
        right = -system.vector(left)
        values = values + factorised(system, partials, right).solve(right).reshape(values.shape)
        left, partials = missed()
    for r, (row, part) in zip(left, felt):
        row.missed[part] = r
    out = np.zeros_like(delta)
    out[:, chosen] = values
    return out


def _felt(patch: _Patch, z: np.ndarray) -> np.ndarray:
    """Numbers of the points that some kernel of the patch acts on."""
    if not len(z):
        return np.zeros(0, dtype=int)
    basis = patch.basis(z, [(0,) * z.shape[1]])[0]
    return np.flatnonzero(np.diff(basis.indptr))


# ------------------------------------------------------------ points


def _all_rows(
    compiled: CompiledProblem, params: Parameters, before: CompiledProblem, old: Parameters, expansion: GaussianExpansion,
    kernels: Kernels, options: SolveOptions,
) -> list[_Rows]:  # fmt: skip
    lower, upper = np.asarray(expansion.lower), np.asarray(expansion.upper)
    spacing = _spacings(kernels)
    sizes = JetSizes(expansion, box(lower, upper, SCALE_POINTS, options.seed), (upper - lower) / 2)
    out = []
    pairs = zip((*compiled.equations, *compiled.conditions), (*before.equations, *before.conditions))
    for equation, former in pairs:
        fixed = np.asarray(equation.locate(params), dtype=float)[0]
        at = 2 * (fixed - lower) / (upper - lower) - 1
        z, share = _nodes(kernels, spacing, at)
        places = at_places(equation, lower + (upper - lower) * (z + 1) / 2, params)
        keep = holds(equation, places[0], params)
        if not keep.any():
            continue
        places, share = places[:, keep], share[keep]
        jets = jets_of(equation.jets, places, expansion)
        there = at_places(former, places[0], old)
        known = former is equation and np.array_equal(there, places)
        target = evaluate(former, jets if known else jets_of(former.jets, there, expansion), there[0], old)[0]
        scale = _scale(equation, jets, places[0], params, sizes)
        out.append(_Rows(equation, places, share / share.sum(), jets, target, SHARE * options.tolerance * scale))
    return out


def _scale(equation: CompiledEquation, jets: np.ndarray, points: np.ndarray, params: Parameters, sizes: JetSizes) -> float:
    """Of the equation's terms, as `validation` measures a residual."""
    terms = np.abs(evaluate_terms(equation, jets, points, params)).sum(0)
    partials = evaluate(equation, jets, points, params)[1]
    return max([root_mean_square(terms), *(root_mean_square(p) * sizes.of(j) for p, j in zip(partials, equation.jets))]) or 1.0


def _nodes(kernels: Kernels, spacing: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, d) of the box [-1, 1]^d where `at` is NaN and at `at` elsewhere, two a kernel; and the share of each."""
    free = np.flatnonzero(np.isnan(at))
    near = np.ones(len(kernels.centres), dtype=bool)
    for i in np.flatnonzero(~np.isnan(at)):
        near &= np.abs(kernels.centres[:, i] - at[i]) <= 0.75 * spacing[:, i]
    near &= (np.abs(kernels.centres[:, free]) <= 1 + 0.5 * spacing[:, free]).all(axis=1)
    parts, shares = [], []
    for sign in (-0.25, 0.25):
        z = kernels.centres[near].copy()
        z[:, free] = np.clip(z[:, free] + sign * spacing[near][:, free], -1, 1)
        z[:, ~np.isnan(at)] = at[~np.isnan(at)]
        parts.append(z)
        shares.append(np.prod(spacing[near][:, free], axis=1) if len(free) else np.ones(len(z)))
    z, first = np.unique(np.concatenate(parts), axis=0, return_index=True)
    return z, np.concatenate(shares)[first]


def _spacings(kernels: Kernels) -> np.ndarray:
    """(K, d): how far apart kernels stand, from the nearest neighbour in units of each kernel's widths."""
    units = _OwnUnits(kernels)
    return kernels.scales * units.nearest


class _OwnUnits:
    """Neighbourhoods in units of the kernels' widths: a tree of centres, and distances corrected for each kernel's own widths."""

    def __init__(self, kernels: Kernels) -> None:
        self.kernels, self.tree = kernels, cKDTree(kernels.centres)
        sample = np.linspace(0, len(kernels.centres) - 1, min(len(kernels.centres), 400)).astype(int)
        _, others = self.tree.query(kernels.centres[sample], k=min(1 + 2 * kernels.centres.shape[1], len(kernels.centres)))
        away = np.abs(kernels.centres[np.atleast_2d(others)[:, 1:]] - kernels.centres[sample][:, None]) / kernels.scales[sample][:, None]
        self.nearest = float(np.median(np.sqrt((away**2).sum(axis=2)).min(axis=1))) if away.size else 1.0

    def near(self, points: np.ndarray) -> np.ndarray:
        """(K,) bool: kernels whose centres lie within HALO widths of one of the points (n, d), around periods too."""
        found = np.zeros(len(self.kernels.centres), dtype=bool)
        thinned = np.unique(np.round(points / (0.5 * self.kernels.scales.min(axis=0))).astype(np.int64), axis=0, return_index=True)[1]
        points = points[thinned]
        for shift in np.ndindex(*(3 if p else 1 for p in self.kernels.periodic)):
            moved = points + np.array([2.0 * (m - 1) if p else 0.0 for m, p in zip(shift, self.kernels.periodic)])
            distance, _ = cKDTree(moved / self.kernels.scales.mean(axis=0)).query(
                self.kernels.centres / self.kernels.scales.mean(axis=0), distance_upper_bound=HALO
            )
            found |= np.isfinite(distance)
        return found


# ------------------------------------------------------------ expansions


def _geometry(expansion: GaussianExpansion) -> Kernels:
    return Kernels(
        np.asarray(expansion.centres), np.exp(np.asarray(expansion.log_scales)), np.asarray(expansion.shears), expansion.periodic
    )


def _reference(expansion: GaussianExpansion, points: np.ndarray) -> np.ndarray:
    lower, upper = np.asarray(expansion.lower), np.asarray(expansion.upper)
    return 2 * (points - lower) / (upper - lower) - 1


def _with_weights(expansion: GaussianExpansion, weights: np.ndarray) -> GaussianExpansion:
    return expansion.moved({**expansion.theta, "weights": weights})


def _zero(fields: int) -> np.ndarray:
    return np.zeros(fields)
