"""One layout's solution of a steady problem, and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.layout.slab import no_time
from pdelang.runtime.solve.product.gauss_newton import galerkin_wanted, least_squares_wanted, solve_galerkin, solve_least_squares
from pdelang.runtime.solve.product.iteration import solve_slab
from pdelang.runtime.solve.product.layouts import Layout
from pdelang.runtime.solve.product.saddle import saddle, solve_saddle
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import transferred

WORTH_SEPARATING = 2000  # unknowns of a flow up to which a dense factorisation, which minds no advection, costs less
NEWTON_SHARE = 0.02  # of the tolerance, for the last step of Newton's iteration


@dataclass(frozen=True, eq=False)
class Stage:
    """residual: relative to the equation's terms, root mean square, the largest over the equations. defects: what of it each axis cannot
    resolve. newton: steps."""

    representation: ProductExpansion
    layout: Layout
    residual: float
    defects: Array
    newton: int
    krylov: int
    converged: bool
    system: SlabSystem
    W: Array

    def on(self, space: Space) -> Array:
        """The coefficients on another layout."""
        return np.stack([transferred(self.system.space, space, w[..., 0])[..., None] for w in self.W])


def stage(layout: Layout, tolerance: float, before: Sequence[tuple[tuple[float, Stage], ...]], iterations: int) -> Stage:
    """before: starts of Newton's iteration to choose from, each a combination sum weight * stage; none: zero."""
    space = layout.space()
    system = SlabSystem(space, no_time(), 0.0, 1.0, ((),) * layout.program.fields)
    known = {id(s): s.on(space) for combination in before for _, s in combination}
    guess = _best(system, [sum((w * known[id(s)] for w, s in c), start=np.zeros(system.shape)) for c in before])
    kind = saddle(layout.program, space) if space.constraints.size > WORTH_SEPARATING else None
    if kind is not None:
        solved = solve_saddle(system, kind, NEWTON_SHARE * tolerance, guess, iterations)
    elif least_squares_wanted(system):
        solved = solve_least_squares(system, NEWTON_SHARE * tolerance, guess, iterations)
    elif galerkin_wanted(system):
        solved = solve_galerkin(system, NEWTON_SHARE * tolerance, guess, iterations)
    else:
        solved = solve_slab(system, NEWTON_SHARE * tolerance, {}, guess, iterations)
    quality = system.quality(solved.W)
    scale = np.maximum(quality.scale, 1e-12 * max(quality.scale.max(), 1e-300))
    axes = (quality.axes / scale).max(axis=1) if len(quality.axes) else np.zeros(0)
    residual = float((quality.residual / scale).max())
    expansion = ProductExpansion.of(system, solved.W)
    return Stage(expansion, layout, residual, axes, solved.steps, solved.krylov, solved.converged, system, solved.W)


def _best(system: SlabSystem, guesses: list[Array]) -> Array | None:
    """The guess with the least residual in the free test functions."""
    if len(guesses) < 2:
        return guesses[0] if guesses else None
    return min(guesses, key=lambda W: np.nan_to_num(np.linalg.norm(system.space.constraints.restrict(system.evaluate(W)[0])), nan=np.inf))
