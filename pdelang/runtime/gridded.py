"""Solution -> xarray: every field on a tensor grid, with what any netCDF tool needs to label its plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pdelang.runtime.sensitivities import variable

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.solution import Solution

SPREAD = "_spread"
"""What the name of a field's spread ends in."""


def gridded(solution: Solution, axes: Sequence[np.ndarray]) -> xarray.Dataset:
    """Variables: scalar fields (n_1, ..., n_d); coordinates: `axes`. Parameters and status are attributes."""
    import xarray

    names = [c.name for c in solution.problem.coordinates]
    mesh = {name: axis.reshape([-1 if k == i else 1 for k in range(len(names))]) for i, (name, axis) in enumerate(zip(names, axes))}
    values = solution(**mesh)
    by_field = values if isinstance(values, dict) else {solution.problem.fields[0].name: values}
    data = {name: (names, value, {"long_name": name}) for name, value in by_field.items()}
    for parameter, other in solution.sensitivities.items():
        slopes = other(**mesh)
        each = slopes if isinstance(slopes, dict) else {solution.problem.fields[0].name: slopes}
        for name, value in each.items():
            data[variable(name, parameter)] = (names, value, {"long_name": f"derivative of {name} in {parameter}"})
    data |= _spreads(solution, names, axes)
    labels = {c.name: ([c.name], axis, {"long_name": "time" if c.time else c.name}) for c, axis in zip(solution.problem.coordinates, axes)}
    attributes = {
        "title": solution.problem.title or solution.problem.name,
        "status": solution.status.name.lower(),
        **{f"parameter_{name}": value for name, value in solution.parameters.items()},
    }
    return xarray.Dataset(data, coords=labels, attrs=attributes)


def _spreads(solution: Solution, names: list[str], axes: Sequence[np.ndarray]) -> dict[str, tuple[list[str], np.ndarray, dict[str, str]]]:
    """The standard deviation over the samples of a posterior, `u_spread`; nothing where there are none."""
    if not solution.samples:
        return {}
    fields = solution.problem.fields
    zero = (0,) * len(axes)
    spread = np.std([s.grid_jets(axes, [(f, zero) for f in range(len(fields))]) for s in solution.samples], axis=0)
    return {f"{f.name}{SPREAD}": (names, value, {"long_name": f"spread of {f.name}"}) for f, value in zip(fields, spread)}
