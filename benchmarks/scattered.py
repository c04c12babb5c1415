"""Scattered kernels with compact action: kernels against seconds, memory and error: `python benchmarks/scattered.py [KERNELS ...]`.

Helmholtz (10, 10) on uniform kernels, one least-squares solve each, in a process of its own so that the peak of memory is its own.
Processor time on one thread. The last line asks for 50,000 kernels in 24 GiB.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

EXAMPLE = Path(__file__).parent.parent / "examples" / "helmholtz.pde"
SIZES = (5_000, 12_500, 25_000, 50_000)
MEMORY = 24.0


def solve(kernels: int) -> tuple[int, float, float, float]:
    """Kernels, seconds, GiB at the peak, relative L2 error on 200 x 200 points."""
    import pdelang
    from pdelang.runtime.layout.neighbours import cut_for
    from pdelang.runtime.layout.scattered import COMPACT_GHOSTS, grid_layout
    from pdelang.runtime.options import SolveOptions
    from pdelang.runtime.solve.box import Problem, solve_box
    from pdelang.runtime.solve.least_squares import Linear
    from pdelang.runtime.solve.refine import sizes_for

    compiled = pdelang.compile(EXAMPLE)
    params, options = compiled.parameters(a1=10.0, a2=10.0), SolveOptions()
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    began = time.process_time()
    layout = grid_layout(sizes_for(kernels, (False, False), COMPACT_GHOSTS), (False, False), cut=cut_for(options.tolerance))
    attempt = solve_box(Problem(compiled, params, options, lower, upper), Linear(), layout, lower, upper)
    seconds = time.process_time() - began
    axes = [np.linspace(a, b, 200) for a, b in zip(lower, upper)]
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    assert compiled.exact is not None
    exact = np.asarray(compiled.exact(points, params))[0]
    found = attempt.expansion.grid_jets(axes, [(0, (0, 0))])[0].ravel()
    error = float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
    return layout.kernels, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, error


def main() -> int:
    sizes = [int(a) for a in sys.argv[1:]] or list(SIZES)
    print(f"{'kernels':>8} {'seconds':>8} {'GiB':>6} {'error':>8}")
    enough = True
    for size in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            kernels, seconds, memory, error = pool.apply(solve, (size,))
        print(f"{kernels:8,} {seconds:8.1f} {memory:6.2f} {error:8.1e}", flush=True)
        enough = enough and memory <= MEMORY
    return 0 if enough else 1


if __name__ == "__main__":
    raise SystemExit(main())
