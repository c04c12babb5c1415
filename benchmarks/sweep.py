"""Sweeps without training: solutions a second, with the error of each family's worst instance.

    python benchmarks/sweep.py [--small]

Each family is swept three times, the last one is printed (the memory of the one before is given back first: touching 600 MB that no process
has had takes a virtual machine up to a second): on the grid of 256 x 101 points, and solved only (8 x 2 points, so that
what is left is the solve, its certificate and its estimate). `a second of the cores' time`: processor time of all threads, which a busy
machine disturbs less than time on the wall.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray

import pdelang

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BURGERS = """x in [-1, 1]
t in [0, 1]
param nu in [0.01, 0.3] log = 0.05
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""
SAMPLE = 4  # instances compared with single solves where no exact solution is known


@dataclass(frozen=True)
class Family:
    title: str
    problem: Callable[[], object]
    name: str
    low: float
    high: float
    count: int
    tolerance: float
    target: int


FAMILIES = (
    Family("convection, beta in [1, 50]", lambda: pdelang.load(EXAMPLES / "convection.pde"), "beta", 1, 50, 3000, 1e-6, 3000),
    Family("Burgers, nu in [0.01, 0.3]", lambda: pdelang.parse(BURGERS), "nu", 0.01, 0.3, 1024, 1e-5, 100),
)


def swept(family: Family, compiled: object, count: int, grid: dict[str, int]) -> tuple[xarray.Dataset, float, float]:
    """The data, seconds, and processor seconds of the last of three sweeps."""
    values = np.linspace(family.low, family.high, count)
    for _ in range(3):
        data = None
        wall, processor = time.perf_counter(), time.process_time()
        data = pdelang.sweep(compiled, grid=grid, tolerance=family.tolerance, time_limit=600, **{family.name: values})  # type: ignore[arg-type]
        seconds = time.perf_counter() - wall, time.process_time() - processor
    return data, *seconds


def worst(family: Family, compiled: object, data: xarray.Dataset) -> float:
    """Largest relative L2 error, over all instances where the solution is known, else over a sample."""
    chosen = data.isel({family.name: np.linspace(0, data.sizes[family.name] - 1, SAMPLE).astype(int)})
    if family.name == "beta":
        known = np.sin(data.x - data.beta * data.t).transpose(*data.u.dims)
        return float((np.sqrt(((data.u - known) ** 2).sum(["x", "t"])) / np.sqrt((known**2).sum(["x", "t"]))).max())
    found = []
    for value in chosen[family.name].values:
        single = pdelang.solve(compiled, tolerance=1e-9, time_limit=600, **{family.name: float(value)})  # type: ignore[arg-type]
        known = single.to_xarray({"x": data.x.values, "t": data.t.values}).u.values
        own = chosen.u.sel({family.name: value}).values
        found.append(np.linalg.norm(own - known) / np.linalg.norm(known))
    return float(max(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the instances")
    small = parser.parse_args().small
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"{cores} cores\n")
    print("| family | instances | grid | tolerance | worst error | batched | pilots | a second | a second of the cores' time | target |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for family in FAMILIES:
        compiled = pdelang.compile(family.problem())
        count = family.count // 10 if small else family.count
        for label, grid in (("256 x 101", {"x": 256, "t": 101}), ("solved only", {"x": 8, "t": 2})):
            data, wall, processor = swept(family, compiled, count, grid)
            error = f"{worst(family, compiled, data):.1e}" if label != "solved only" else ""
            good, batched = int((data.status == "converged").sum()), int(data.batched.sum())
            rate = f"{good / wall:,.0f} | {good / processor:,.0f}"
            figures = f"{error} | {batched} | {data.attrs['pilots']} | {rate} | {family.target:,}"
            print(f"| {family.title} | {count} | {label} | {family.tolerance:g} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
