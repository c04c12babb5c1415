"""What generated kernels reach: their estimated errors, projected, at held-out conditions, the hardest corner of the box among them.

A training without a number of kernels begins with few of them, for learning can be worth orders of magnitude (convection, 64 kernels: from
1 to 2e-5). Where its first steps do not take hold of the hardest condition, so many are taken that the standard layout alone
holds it (Helmholtz, ten half-waves an axis), or as many as a training bears.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.kernels import Kernels
from pdelang.runtime.generator.seam import QueryOptions

HELD, CORNERS = 6, 16
"""Conditions drawn from the declared distributions, and the most corners of the box."""
INSIDE = 0.98
"""Where corners are taken: what lies on the boundary itself is not asked for."""
GROWTH = 1.6
SEED = 1009


def held_out(compiled: CompiledProblem) -> np.ndarray:
    """(N, size) in units of the ranges: some draws and, where they are not too many, the corners of the box."""
    conditions = Conditions.of(compiled.problem)
    drawn = conditions.sample(HELD, np.random.default_rng(SEED))
    if 2**conditions.size > CORNERS:
        return drawn
    return np.concatenate([drawn, INSIDE * np.array(list(product((-1.0, 1.0), repeat=conditions.size)))])


def errors(generator: Kernels) -> np.ndarray:
    """Estimated relative errors (N,), the largest over the fields; inf where there is none."""
    compiled = generator.compiled
    conditions, fixed = Conditions.of(compiled.problem), compiled.parameters()
    found = []
    for z in held_out(compiled):
        parameters = fixed | {name: np.asarray(v) for name, v in conditions.values(z).items()}
        found.append(max(generator.projected(parameters, QueryOptions()).error))
    return np.array(found)


def counts(first: int, most: int) -> Iterator[int]:
    """Numbers of kernels to try after `first`, each a half or so larger, up to `most`."""
    while first < most:
        first = min(round(GROWTH * first), most)
        yield first
