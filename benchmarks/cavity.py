"""The lid-driven cavity by its stream function: velocities against the reference, and extremes on the centre lines.

    python benchmarks/cavity.py

Smooth lid (problems/cavity_streamfunction.pde), Re = 100: relative L2 of both velocities against examples/references/cavity.nc, which is
an independent method, and CPU seconds. Lid of speed 1 (problems/cavity_classical.pde): the extremes on 40 x 40 and 50 x 50 kernels, whose
agreement tells the digits, beside the tables of Ghia, Ghia and Shin (1982; second-order differences on 129 x 129 points, values at points
of that grid) and of Botella and Peyret (1998; a spectral method with the corners subtracted).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import minimize_scalar

import pdelang

HERE = Path(__file__).parent
PROBLEMS, REFERENCE = HERE / "problems", HERE.parent / "examples" / "references" / "cavity.nc"
GHIA = {100: (-0.21090, 0.17527, -0.24533), 400: (-0.32726, 0.30203, -0.44993)}
"""Least u on x = 1/2, largest and least v on y = 1/2."""
SPECTRAL = {100: (-0.2140424, 0.1795728, -0.2538030)}
"""The same by Botella and Peyret."""
ROWS = (("least u", "u", -1, (0.1, 0.7)), ("largest v", "v", 1, (0.05, 0.45)), ("least v", "v", -1, (0.55, 0.97)))
COUNTS = (1600, 2500)

Line = Callable[[np.ndarray], np.ndarray]


def smooth_lid() -> tuple[float, float, float]:
    """Errors of u and v, CPU seconds of a second solve."""
    problem = pdelang.compile(PROBLEMS / "cavity_streamfunction.pde")
    pdelang.solve(problem, time_limit=600)
    began = time.process_time()
    solution = pdelang.solve(problem, time_limit=600)
    seconds = time.process_time() - began
    with xr.open_dataset(REFERENCE, engine="h5netcdf") as data:
        axes = [data["x"].values, data["y"].values]
        u, v = data["U[1]"].values, data["U[2]"].values
    jets = solution.representation.grid_jets(axes, [(0, (0, 1)), (0, (1, 0))]).reshape(2, *u.shape)
    return float(np.linalg.norm(jets[0] - u) / np.linalg.norm(u)), float(np.linalg.norm(jets[1] + v) / np.linalg.norm(v)), seconds


def corners(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """psi_x, psi_y of Taylor's two corners, psi = -(pi^2 Y + (c Y + d X) angle)/(pi^2 - 4) with Y = 1 - y, X the distance from the wall."""
    c, d, n = -2 * np.pi, -4.0, np.pi**2 - 4
    psi_x, psi_y = np.zeros(1), np.zeros(1)
    for sign, X in ((1, x), (-1, 1 - x)):
        Y = 1 - y
        angle, distance = np.arctan2(Y, X), X * X + Y * Y
        psi_x = psi_x - sign * (d * angle - (c * Y + d * X) * Y / distance) / n
        psi_y = psi_y + (np.pi**2 + c * angle + (c * Y + d * X) * X / distance) / n
    return psi_x, psi_y


def centre_lines(solution: Any) -> dict[str, Line]:
    jets, middle = solution.representation.grid_jets, np.array([0.5])
    return {
        "u": lambda y: jets([middle, y], [(0, (0, 1))]).ravel() + corners(middle, y)[1],
        "v": lambda x: -jets([x, middle], [(0, (1, 0))]).ravel() - corners(x, middle)[0],
    }


def extreme(line: Line, sign: int, bounds: tuple[float, float]) -> tuple[float, float]:
    """Value and place."""
    found = minimize_scalar(lambda s: -sign * float(line(np.array([s]))[0]), bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return -sign * float(found.fun), float(found.x)


def main() -> None:
    u, v, seconds = smooth_lid()
    print(f"smooth lid, Re = 100: u {u:.1e}, v {v:.1e} from the reference, {seconds:.1f} s\n")
    problem = pdelang.compile(PROBLEMS / "cavity_classical.pde")
    print(
        f"{'lid of speed 1':16} "
        + " ".join(f"{k:>10} kernels" for k in COUNTS)
        + f" {'place':>9} {'Ghia':>9} {'spectral':>10} {'seconds':>8}"
    )
    for Re, table in GHIA.items():
        lines, seconds = [], 0.0
        for kernels in COUNTS:
            began = time.process_time()
            lines.append(centre_lines(pdelang.solve(problem, Re=Re, kernels=kernels, time_limit=600)))
            seconds = time.process_time() - began
        for (name, field, sign, bounds), known, other in zip(ROWS, table, SPECTRAL.get(Re, (float("nan"),) * 3)):
            values = [extreme(line[field], sign, bounds) for line in lines]
            figures = " ".join(f"{value:18.7f}" for value, _ in values)
            print(f"{f'Re {Re}, {name}':16} {figures} {values[-1][1]:9.5f} {known:9.5f} {other:10.7f} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
