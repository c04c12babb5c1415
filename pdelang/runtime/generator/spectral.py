"""Parameters as coordinates: direct solves at the nodes of a sparse grid in the parameters, interpolated spectrally.

    u(xi; c) = 1/q(z(c)) sum_k s_k(xi) H_k(z(c)),     s_k: the hierarchical surplus of q u at node k, in the coefficients of one layout

No derivative in c appears in the equation, so a coordinate for each parameter decouples into solves at its nodes. q = 1 but where the
family passes resonances: there it has their zeros (`poles`). The estimate at c is what the nodes next to the grid's border would add:

    estimate(c) = error of the solves + sum_n amount_n max(|H_n(z(c))|/max |H_n|, LEAST)

`spectral_training` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator import spanned
from pdelang.runtime.generator import sparse_grid as grid
from pdelang.runtime.generator.common_layout import CommonLayout, below, packed, unpacked
from pdelang.runtime.generator.conditions import DEVIATIONS, Conditions
from pdelang.runtime.generator.poles import denominator
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

LEAST = 0.3
"""Share of its largest value to which a border node's polynomial is followed down: its zeros are not those of the error."""
SLACK = 1e-9
"""Of a half-width: so far outside is inside."""


@dataclass(frozen=True, eq=False)
class Border:
    """What lies just beyond the grid. nodes: (n, m). amounts: (n,), the relative error that each would take away at most.
    solves: relative error of the direct solves."""

    nodes: np.ndarray
    amounts: np.ndarray
    solves: float

    def estimate(self, z: np.ndarray) -> np.ndarray:
        """Relative error at z (M, m) in units of the grid's box: (M,)."""
        nodes = [tuple(int(k) for k in node) for node in self.nodes]
        if not nodes:
            return np.full(len(z), self.solves)
        shares = np.abs(grid.products(z, nodes)) / np.array([grid.largest(n) for n in nodes])
        return np.asarray(self.solves + np.clip(shares, LEAST, 1.0) @ self.amounts)


@dataclass(frozen=True, eq=False)
class Spectral:
    """
    nodes: in an order in which each comes after those below it. surpluses: (nodes, P), coefficients on `layout`. norm: root mean square
    of each field over all nodes, (F,). box: half-widths of the grid in z. resonances: a tuple of poles a parameter, in units of the box.
    rounding: relative residual that the direct solves leave where they converge all the same.
    """

    layout: CommonLayout
    nodes: tuple[grid.Node, ...]
    surpluses: np.ndarray
    norm: np.ndarray
    border: Border
    box: np.ndarray
    resonances: tuple[tuple[float, ...], ...]
    rounding: float = 0.0

    @property
    def estimate(self) -> float:
        """The largest over the box."""
        return float(self.border.solves + self.border.amounts.sum())

    def weights(self, z: np.ndarray) -> np.ndarray:
        """(M, nodes) at z (M, size): of the surpluses in the answer."""
        own = z / self.box
        return grid.products(own, list(self.nodes)) / denominator(own, self.resonances)[:, None]

    def inside(self, z: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs(z) <= self.box * (1 + SLACK)).all(axis=1))

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        z = Conditions.of(compiled.problem).unit(parameters)[None]
        inside = bool(self.inside(z)[0])
        lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
        error = self.border.estimate(z / self.box)[0] * self.norm / np.abs(denominator(z / self.box, self.resonances))
        return MethodResult(
            self.layout.representation((self.weights(z) @ self.surpluses)[0], lower, upper),
            Status.CONVERGED if inside else Status.TOLERANCE_NOT_MET,
            "spectral",
            0,
            f"interpolated between {len(self.nodes)} direct solves",
            "" if inside else "the parameters lie outside what was learned",
            error if inside else None,
            accepted=self.rounding,
        )

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return spanned.grids(self, z, axes)

    @property
    def rows(self) -> np.ndarray:
        return self.surpluses

    def estimates(self, z: np.ndarray) -> np.ndarray:
        """Relative error at each z, (M,); NaN outside."""
        return np.where(self.inside(z), self.border.estimate(z / self.box), np.nan)

    def on_grid(self, axes: Sequence[np.ndarray]) -> np.ndarray:
        """Surpluses at the points of a tensor grid of unit coordinates: (nodes, F, n_1, ...)."""
        return self.layout.grids(self.surpluses, axes)

    def mean_and_variance(self, conditions: Conditions, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Over the declared distributions, by the nodes' own quadrature: (F, n_1, ...) each. Not where there are resonances."""
        m = grid.moments(list(self.nodes), conditions.bounded, 1 / (DEVIATIONS * self.box.max(initial=1.0)))
        flat = self.on_grid(axes)
        values = flat.reshape(len(self.nodes), -1)
        mean = m.mean @ values
        covariance = m.second - np.outer(m.mean, m.mean)
        variance = np.sum(values * (covariance @ values), axis=0)
        return mean.reshape(flat.shape[1:]), np.maximum(variance, 0.0).reshape(flat.shape[1:])

    def config(self) -> dict[str, Any]:
        own = {"solves": self.border.solves, "rounding": self.rounding, "resonances": self.resonances}
        return {"layout": packed(self.layout)[0], **own}

    def arrays(self) -> Arrays:
        own = {"nodes": np.array(self.nodes), "surpluses": self.surpluses, "norm": self.norm, "box": self.box}
        own |= {"border/nodes": self.border.nodes, "border/amounts": self.border.amounts}
        return own | {f"layout/{name}": a for name, a in packed(self.layout)[1].items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        layout = unpacked(config["layout"], below(arrays, "layout"))
        nodes = tuple(tuple(int(n) for n in node) for node in arrays["nodes"])
        border = Border(arrays["border/nodes"], arrays["border/amounts"], float(config["solves"]))
        resonances = tuple(tuple(float(p) for p in own) for own in config["resonances"])
        return cls(layout, nodes, arrays["surpluses"], arrays["norm"], border, arrays["box"], resonances, float(config["rounding"]))
