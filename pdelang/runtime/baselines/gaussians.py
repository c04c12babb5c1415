"""Eq. (2) behind the networks' seam: anisotropic Gaussians, all parameters by gradient steps on the emitted code, as in the paper.

It shares points, weights, optimiser and schedule with the networks, so that the representation alone differs. `method = first_order` has
points and weights of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime import objective
from pdelang.runtime.baselines.seam import Box, Theta
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.solve.kernels import start


@dataclass(frozen=True)
class Gaussians:
    """module: the emitted one; with it the objective and its gradient are one pass over points and kernels."""

    box: Box
    module: Any

    def loss(self, theta: Theta, data: dict[str, Any], params: Parameters) -> jax.Array:
        """Eq. (3), a number."""
        places = tuple(at[0] for at, _ in data["conditions"])
        weights = tuple(jnp.full(len(at[0]), weight) for at, weight in data["conditions"])
        return objective.loss(self.module, theta, (params, data["points"], data["weights"], places, weights))

    def representation(self, theta: Theta) -> GaussianExpansion:
        arrays = {name: np.asarray(value) for name, value in theta.items()}
        return GaussianExpansion(**arrays, lower=np.array(self.box.lower), upper=np.array(self.box.upper), periodic=self.box.periodic)


def standard(compiled: CompiledProblem, params: Parameters, options: SolveOptions) -> Theta:
    """The standard initialisation: a uniform grid of kernels with zero weights."""
    return {name: jnp.asarray(value) for name, value in start(compiled, params, options, project=False).theta.items()}
