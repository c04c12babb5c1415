"""Grading: a smooth map of [-1, 1] onto a coordinate whose slope follows the local length of the solution.

    l(x) = min over fields, time and k = 1, 2, ... of  (R/|D^k u|)^(1/k),     R = range of u

limited to grow by `GROWTH`, or as asked, a unit of length, so that a front finds room to move; smoothed, for the smoothness of the
map decides the accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from pdelang.runtime.layout.factor import Array, Mapping

GROWTH = 0.25
LARGEST = 0.25  # of the coordinate's length
SMALLEST = 1e-7
KNOTS = 801
SMOOTHING = 0.035  # of the map's own coordinate in [-1, 1]


@dataclass(frozen=True, eq=False)
class Monitor:
    """Local length of a solution at increasing places x that cover the coordinate."""

    x: Array
    length: Array

    def lengths(self) -> float:
        """How many local lengths the coordinate holds."""
        return float(np.sum(0.5 * (1 / self.length[1:] + 1 / self.length[:-1]) * np.diff(self.x)))

    def saving(self) -> float:
        """How many times fewer kernels a graded layout needs than a uniform one."""
        return float((self.x[-1] - self.x[0]) / self.length.min() / self.lengths())


def local_length(x: Array, jets: Sequence[Array], periodic: bool, growth: float = GROWTH) -> Monitor:
    """jets: u, u_x, u_xx, ..., each (fields, len(x), samples) at places x, ends included."""
    span = x[-1] - x[0]
    length = np.full(len(x), LARGEST * span)
    for u, *derivatives in zip(*jets):
        size = np.ptp(u)
        if size <= 1e-12 * max(np.abs(u).max(), 1e-300):
            continue
        with np.errstate(divide="ignore"):
            for order, derivative in enumerate(derivatives, 1):
                length = np.minimum(length, (size / np.abs(derivative).max(axis=-1)) ** (1 / order))
    return Monitor(x, limited(x, np.maximum(length, SMALLEST * span), periodic, growth))


def limited(x: Array, length: Array, periodic: bool, growth: float = GROWTH) -> Array:
    """The largest function below `length` whose slope is at most `growth` (and which closes, on a periodic coordinate)."""
    out = length.copy()
    for _ in range(2 if periodic else 1):
        if periodic:
            out[0] = out[-1] = min(out[0], out[-1])
        for i in range(1, len(x)):
            out[i] = min(out[i], out[i - 1] + growth * (x[i] - x[i - 1]))
        for i in range(len(x) - 2, -1, -1):
            out[i] = min(out[i], out[i + 1] + growth * (x[i + 1] - x[i]))
    return out


def graded(monitor: Monitor, periodic: bool) -> Mapping:
    """dx/dz proportional to the local length."""
    x, length = monitor.x, monitor.length
    z = np.concatenate([[0.0], np.cumsum(0.5 * (1 / length[1:] + 1 / length[:-1]) * np.diff(x))])
    knots = np.linspace(-1.0, 1.0, KNOTS)
    log_slope = np.interp(knots, 2 * z / z[-1] - 1, np.log(length))
    half = int(4 * SMOOTHING / (knots[1] - knots[0]))
    window = np.exp(-0.5 * (np.arange(-half, half + 1) * (knots[1] - knots[0]) / SMOOTHING) ** 2)
    if periodic:
        padded = np.concatenate([log_slope[-half - 1 : -1], log_slope, log_slope[1 : half + 1]])
    else:
        padded = np.pad(log_slope, half, mode="edge")
    smooth = np.convolve(padded, window / window.sum(), mode="valid")
    if periodic:
        smooth[-1] = smooth[0]
    spline = CubicSpline(knots, smooth, bc_type="periodic" if periodic else "not-a-knot")
    fine = np.linspace(-1.0, 1.0, 10 * KNOTS)
    slope = CubicSpline(fine, np.exp(spline(fine)))
    area = slope.antiderivative()
    scale = (x[-1] - x[0]) / float(area(1.0))
    return Mapping(lambda s: x[0] + scale * area(s), lambda s: scale * np.exp(spline(s)), (x, length))
