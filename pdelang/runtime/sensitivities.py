"""Solution -> the same with du/dc for each of its parameters: what `solve(..., sensitivities=True)` and `--sensitivities` add.

size(c, u) = ||c du/dc|| / ||u||, relative L2 over the domain: by how many per cent u changes when c does by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.result import Progress, silent

if TYPE_CHECKING:
    from pdelang.runtime.solution import Solution


def with_sensitivities(compiled: CompiledProblem, solution: Solution, progress: Progress = silent) -> Solution:
    """`sensitivities[name]` is a Solution whose fields are du/dname; where that cannot be had `sensitivity_notes[name]` says why.

    One linear problem a parameter, with the derivative of the residual at the solution: `solve/product/sensitivity.py`.
    """
    from pdelang.runtime.solve.product.sensitivity import components, sensitivity
    from pdelang.runtime.solve.product.system import UnsupportedError

    if solution.representation is None:
        return solution
    found: dict[str, Solution] = {}
    notes: dict[str, str] = {}
    every = list(components(solution.parameters))
    for n, (name, tangent) in enumerate(every):
        progress(f"sensitivity to {name}", n / len(every))
        try:
            with np.errstate(all="ignore"):
                value = sensitivity(compiled, solution.parameters, solution.representation, tangent)
        except UnsupportedError as reason:
            notes[name] = str(reason)
        except KeyboardInterrupt:
            notes |= {other: "interrupted" for other, _ in every[n:]}
            break
        else:
            found[name] = replace(solution, representation=value, certificate=None, relative_l2={}, reference=None)
    return replace(solution, sensitivities=found, sensitivity_notes=notes)


def value_of(parameters: Mapping[str, float | np.ndarray], name: str) -> float:
    """`nu`, or `a[2]`: the second component of a vector."""
    base, _, component = name.partition("[")
    value = parameters[base]
    return float(np.ravel(value)[int(component.rstrip("]")) - 1]) if component else float(value)


def relative_sizes(solution: Solution) -> dict[str, dict[str, float]]:
    """By parameter and field, relative; infinite for a field that vanishes but depends on the parameter."""
    fields, axes = solution.problem.fields, solution.axes()
    indices = [(f, (0,) * len(axes)) for f in range(len(fields))]

    def norms(one: Solution) -> np.ndarray:
        assert one.representation is not None
        return np.sqrt(np.mean(one.representation.grid_jets(axes, indices).reshape(len(fields), -1) ** 2, axis=1))

    own, out = norms(solution), {}
    for name, other in solution.sensitivities.items():
        changes = abs(value_of(solution.parameters, name)) * norms(other)
        out[name] = {f.name: 0.0 if c == 0 else float(c / u) if u > 0 else np.inf for f, c, u in zip(fields, changes, own)}
    return out


def variable(field: str, parameter: str) -> str:
    """Name of du/dc in a data set: `du_dnu`, `du_da_2`."""
    return f"d{field}_d{parameter.replace('[', '_').rstrip(']')}"
