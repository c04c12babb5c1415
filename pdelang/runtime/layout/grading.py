"""Kernels dense where the solution is steep: the monitor of `monitor.py` on a solution over one box, one map a coordinate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pdelang.runtime.layout.monitor import graded, local_length
from pdelang.runtime.layout.scattered import Mapping1D
from pdelang.runtime.representation import Representation

SAMPLES, OTHERS = 601, 7
SHARPNESS = 5.0
"""The monitor's lengths are divided by it before their growth is limited. Burgers at nu = 0.01/pi, t = 0.5, interpolated by 60 kernels:
1 gives 4e-3, 3 gives 4e-5, 5 gives 3e-7."""
WORTH = 2.5
"""A map is used where it saves at least this factor of kernels."""


def coordinate_map(representation: Representation, axis: int, lower: np.ndarray, upper: np.ndarray, periodic: bool) -> Mapping1D | None:
    """The graded map of one coordinate, in the reference box; None where it would not pay."""
    d, fields = len(lower), representation.fields
    counts = [SAMPLES if i == axis else OTHERS for i in range(d)]
    axes = [np.linspace(a, b, n) for a, b, n in zip(lower, upper, counts)]
    orders = [tuple(k if i == axis else 0 for i in range(d)) for k in range(3)]
    jets = representation.grid_jets(axes, [(f, o) for o in orders for f in range(fields)]).reshape(3, fields, *counts)
    half = (upper[axis] - lower[axis]) / 2
    scaled = [(SHARPNESS * half) ** k * np.moveaxis(j, 1 + axis, 1).reshape(fields, SAMPLES, -1) for k, j in enumerate(jets)]
    monitor = local_length(np.linspace(-1, 1, SAMPLES), scaled, periodic)
    if monitor.saving() < WORTH:
        return None
    found = graded(monitor, periodic)
    return lambda z: (found.place(z), found.slope(z))


def grade(
    representation: Representation, lower: np.ndarray, upper: np.ndarray, periodic: Sequence[bool], axes: Sequence[int]
) -> tuple[Mapping1D | None, ...]:
    """One map a coordinate of the box, for `axes`; None elsewhere."""
    return tuple(coordinate_map(representation, i, lower, upper, periodic[i]) if i in axes else None for i in range(len(lower)))
