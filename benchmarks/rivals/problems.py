"""What all codes solve, and how far their answers are from the truth.

The truth of an evolution problem is given at 256 places and 101 times: an exact solution, or the file of `examples/references`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline

from rivals import Answer

REFERENCES = Path(__file__).parent.parent.parent / "examples" / "references"
TIMES = np.linspace(0, 1, 101)
NU, DELTA, DIFFUSIVITY, RATE, BETA, WAVES, LAYER = 0.01 / np.pi, 0.0025, 1e-4, 5.0, 30.0, (1, 4), 0.02


@dataclass(frozen=True, eq=False)
class Truth:
    axes: tuple[np.ndarray, ...]
    values: np.ndarray


def reference(name: str) -> Truth:
    import xarray as xr

    with xr.open_dataset(REFERENCES / f"{name}.nc", engine="h5netcdf") as data:
        return Truth((data.x.values, data.t.values), data.u.transpose("x", "t").values)


def convection() -> Truth:
    x = np.linspace(0, 2 * np.pi, 256)
    return Truth((x, TIMES), np.sin(x[:, None] - BETA * TIMES))


def helmholtz() -> Truth:
    x = np.linspace(-1, 1, 201)
    return Truth((x, x), np.outer(np.sin(WAVES[0] * np.pi * x), np.sin(WAVES[1] * np.pi * x)))


def boundary_layer() -> Truth:
    x = np.linspace(0, 1, 2001)
    return Truth((x,), x - np.expm1(-x / LAYER) / np.expm1(-1 / LAYER))


TRUTHS = {
    "burgers": lambda: reference("burgers"),
    "kdv": lambda: reference("kdv"),
    "allen_cahn": lambda: reference("allen_cahn"),
    "kuramoto_sivashinsky_regular": lambda: reference("kuramoto_sivashinsky_regular"),
    "convection": convection,
    "helmholtz": helmholtz,
    "boundary_layer": boundary_layer,
}


def times(name: str) -> np.ndarray:
    return TRUTHS[name]().axes[1]


def error(answer: Answer, truth: Truth) -> float:
    """Relative L2. Between an answer's nodes: the trigonometric interpolant where it is periodic, a spline of fifth order elsewhere."""
    values = answer.values
    for axis, (nodes, wanted) in enumerate(zip(answer.nodes, truth.axes)):
        if len(nodes) == len(wanted) and np.allclose(nodes, wanted, rtol=0, atol=1e-13):
            continue
        values = np.moveaxis(values, axis, 0)
        if axis == 0 and answer.period:
            values = _trigonometric(values, nodes[0], answer.period, wanted)
        else:
            values = make_interp_spline(nodes, values, k=5)(wanted)
        values = np.moveaxis(values, 0, axis)
    return float(np.linalg.norm(values - truth.values) / np.linalg.norm(truth.values))


def _trigonometric(values: np.ndarray, origin: float, period: float, x: np.ndarray) -> np.ndarray:
    n = len(values)
    weights = np.fft.rfft(values, axis=0) / n
    weights[1 : (n + 1) // 2] *= 2
    waves = np.exp(2j * np.pi / period * np.outer(x - origin, np.arange(len(weights))))
    return (waves @ weights.reshape(len(weights), -1)).real.reshape(len(x), *values.shape[1:])
