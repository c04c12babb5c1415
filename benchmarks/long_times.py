"""Long times: error at the end, slabs, memory of the solution and at the peak: `python benchmarks/long_times.py`.

Convection of speed 30 to t = 10, a string over twenty periods, and the chaotic Kuramoto-Sivashinsky equation to the end of its
reference. `jumps`: the largest difference of u, u_x and u_t over the edges between slabs, over the largest value. Each in a process of
its own; CPU seconds with compilation; MiB: what the solution's arrays take, and the process at its peak.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).parent.parent / "examples"
ROWS = (
    ("convection", {"t in [0, 1]": "t in [0, 10]"}, 1e-6),
    ("wave", {"t in [0, 1]": "t in [0, 20]"}, 1e-6),
    ("kuramoto_sivashinsky", {}, 1e-6),
)


def measure(name: str, changes: dict[str, str], tolerance: float) -> str:
    import pdelang
    from pdelang.runtime.reference import exact_dataset

    text = (EXAMPLES / f"{name}.pde").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    began = time.process_time()
    compiled = pdelang.compile(pdelang.parse(text))
    solution = pdelang.solve(compiled, tolerance=tolerance, time_limit=600)
    seconds = time.process_time() - began
    slabs = solution.representation
    if compiled.exact is not None:
        x = np.linspace(solution.lower[0], solution.upper[0], 257)
        end = [solution.upper[1]]
        exact = exact_dataset(compiled, solution.parameters, [x, np.array(end)])
        error = max(solution.compared_with(exact).relative_l2.values())
    else:
        error = max(solution.compared_with(EXAMPLES / "references" / f"{name}.nc").relative_l2.values())
    held = sum(c.nbytes for part in slabs.parts for c in part.coefficients) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return (
        f"{name:22} {solution.status.name.lower():10} {error:8.1e} {len(slabs.parts):6d} {jumps(slabs, solution):8.1e} "
        f"{seconds:8.1f} {held:8.1f} {peak:8.0f}"
    )


def jumps(slabs: object, solution: object) -> float:
    """Of u, u_x and u_t over the inner edges."""
    x = np.linspace(solution.lower[0], solution.upper[0], 65)  # type: ignore[attr-defined]
    indices = [(0, (0, 0)), (0, (1, 0)), (0, (0, 1))]
    worst = 0.0
    for edge, before, after in zip(slabs.edges[1:-1], slabs.parts[:-1], slabs.parts[1:]):  # type: ignore[attr-defined]
        a, b = (part.grid_jets([x, np.array([edge])], indices) for part in (before, after))
        worst = max(worst, *(float(np.abs(p - q).max() / max(np.abs(q).max(), 1e-300)) for p, q in zip(a, b)))
    return worst


def main() -> None:
    print(f"{'problem':22} {'status':10} {'error':>8} {'slabs':>6} {'jumps':>8} {'seconds':>8} {'MiB':>8} {'peak':>8}")
    for row in ROWS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(measure, row), flush=True)


if __name__ == "__main__":
    main()
