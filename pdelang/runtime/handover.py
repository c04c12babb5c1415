"""From slab to slab: what one slab leaves at its end, the next must take over.

jump_k(x) = D_t^k u(x, edge-) - D_t^k u(x, edge+),   k below the order in time of the field

No equation's residual sees it: a solution that loses its front between two slabs satisfies the equation inside both. It is checked like
a condition, relative to the size of D_t^k u over the whole domain.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.language.expressions import Jet
from pdelang.runtime.certificate import EquationReport
from pdelang.runtime.representation import Representation
from pdelang.runtime.sampling import sobol
from pdelang.runtime.solve.slabs import Slabs

POINTS = 256
"""In space, an edge: a tensor grid of them."""


def handovers(
    compiled: CompiledProblem, representation: Representation, lower: np.ndarray, upper: np.ndarray, size: Callable[[Jet], float], seed: int
) -> tuple[EquationReport, ...]:
    """One report a field and order in time: the edge with the largest jump. Empty for anything but time slabs."""
    if not isinstance(representation, Slabs):
        return ()
    edges, parts, d = representation.edges, representation.parts, len(lower)
    each = round(POINTS ** (1 / max(d - 1, 1)))
    axes = [low + (high - low) * np.sort(sobol(each, 1, seed + i)[:, 0]) for i, (low, high) in enumerate(zip(lower[:-1], upper))]
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1) if axes else np.empty((1, 0))
    wanted = [(f, (0,) * (d - 1) + (k,)) for f, order in enumerate(compiled.analysis.time_orders) for k in range(order)]
    if len(parts) < 2 or not wanted:
        return ()
    ends = [part.grid_jets([*axes, np.array(span)], wanted) for part, span in zip(parts, pairwise(edges))]
    jumps = np.stack([(after[..., 0] - before[..., 1]).reshape(len(wanted), -1) for before, after in pairwise(ends)], axis=1)
    line = next((c.line for c in compiled.conditions if c.kind == "initial"), compiled.equations[0].line)
    reports = []
    for (field, orders), jump in zip(wanted, jumps):
        norms = np.sqrt(np.mean(jump**2, axis=1))
        edge = int(np.argmax(np.where(np.isfinite(norms), norms, np.inf)))
        worst = int(np.argmax(np.abs(jump[edge])))
        norm, scale = float(norms[edge]), size(Jet(field, orders))
        name = compiled.problem.fields[field].name
        reports.append(
            EquationReport(
                label=f"{name} from slab to slab" if orders[-1] == 0 else f"D_t^{orders[-1]} {name} from slab to slab",
                kind="initial",
                line=line,
                norm=norm,
                relative=0.0 if norm == 0 else norm / scale if scale > 0 and np.isfinite(norm) else float("inf"),
                largest=float(abs(jump[edge, worst])),
                at=(*(float(x) for x in points[worst]), float(edges[edge + 1])),
                points=jump.size,
            )
        )
    return tuple(reports)
