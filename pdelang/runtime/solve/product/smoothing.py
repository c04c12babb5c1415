"""Does the equation smooth what is rough at the start, or carry it on? Its symbol at short waves says it.

    sum_k A_k(kappa) lambda^k = 0,    A_k = sum of the terms c D^alpha d_t^k with D^alpha -> (i kappa)^alpha

Waves exp(lambda t + i kappa x) that fall as fast as they turn, -Re lambda ~ |lambda|, leave a kink where it was, and wash it out: kernels
belong there. Where Re lambda = 0 (Schroedinger, Korteweg-de Vries, waves) the kink's short waves are soon everywhere.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.slab import TimeFactor
from pdelang.runtime.solve.product.derivative import Derivative, Term
from pdelang.runtime.solve.product.system import SlabSystem, Space
from pdelang.runtime.solve.product.transfer import Starts

SHORT = 1e3  # wave number, in units of one wave over the domain
DISSIPATION = 0.05  # of |lambda|: below, a wave turns many times before it has fallen
AT_ONCE = 1e-9  # of the whole time: a slab so short that the equations are what they are at the start


def smooths(space: Space, time: TimeFactor, starts: Starts, begin: float) -> bool:
    """Along every axis, and for all short waves. True where the symbol does not tell (a field without a time derivative)."""
    system = SlabSystem(space, time, begin, AT_ONCE * space.program.span, starts)
    _, partials, _ = system.evaluate(system.lifting())
    if not np.isfinite(partials).all():
        return True
    terms = Derivative.of(system, partials).terms
    return all(_falls(terms, space.program.time_orders, axis, f.upper - f.lower) for axis, f in enumerate(space.factors))


def _falls(terms: tuple[Term, ...], orders: tuple[int, ...], axis: int, length: float) -> bool:
    wave = 2j * np.pi * SHORT / length
    A = np.zeros((max(orders) + 1, len(orders), len(orders)), dtype=complex)
    for t in terms:
        if sum(t.alpha) == t.alpha[axis]:
            A[t.k, t.slot, t.field] += np.mean(t.coefficient) * wave ** t.alpha[axis]
    roots = _roots(A)
    moving = roots[np.abs(roots) > 1.0]
    return roots.size == 0 or bool(np.all(-moving.real > DISSIPATION * np.abs(moving)))


def _roots(A: Array) -> Array:
    """lambda of det(sum_k A_k lambda^k) = 0 that are finite; none where A_m is singular."""
    m, n = len(A) - 1, A.shape[1]
    if m == 0 or np.linalg.matrix_rank(A[m]) < n:
        return np.zeros(0)
    companion = np.eye(m * n, k=n, dtype=complex)
    companion[-n:] = -np.concatenate(np.linalg.solve(A[m], A[:m]), axis=1)
    return sl.eigvals(companion)
