"""Growth of time and memory with the number of kernels: one time slab of Burgers' equation on a square (examples/burgers2d.pde).

    python benchmarks/growth.py                     1e5, 3e5 and 1e6 kernels, each in a process of its own
    python benchmarks/growth.py --kernels 1e5 2e6

`kernels`: n x n x 18, n chosen for the number asked for. `seconds`: CPU time of the second solve of the slab, start-up and compilation
left out; Newton's steps and the iterations of its linear systems are printed beside it, for they should not grow. `ns per kernel and
iteration`: constant where growth is linear; the contractions along an axis cost O(n) a kernel, everything else O(1). `GiB`: the most
memory that the process ever had.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "burgers2d.pde"
TIME_KERNELS, LENGTH, TOLERANCE = 18, 0.02, 1e-10
COLUMNS = ("kernels", "shape", "newton", "krylov", "seconds", "ns per kernel and iteration", "GiB")
WIDTHS = (10, 15, 8, 8, 9, 28, 6)


def measure(kernels: float) -> dict[str, object]:
    from threadpoolctl import threadpool_limits

    from pdelang.compiler.pipeline import compile
    from pdelang.runtime.solve.product.iteration import solve_slab
    from pdelang.runtime.solve.product.layouts import Layout, initial_coefficients
    from pdelang.runtime.solve.product.program import Program
    from pdelang.runtime.solve.product.system import SlabSystem

    n = round((kernels / TIME_KERNELS) ** 0.5)
    layout = Layout(Program(compile(EXAMPLE), {"nu": 0.05}), (n, n), (None, None))
    space = layout.space()
    starts = initial_coefficients(space)[0]
    with threadpool_limits(limits=1):
        for _ in range(2):
            began = time.process_time()
            solved = solve_slab(SlabSystem(space, layout.time_factor(TIME_KERNELS), 0.0, LENGTH, starts), TOLERANCE, {})
            seconds = time.process_time() - began
    count = n * n * TIME_KERNELS
    return {
        "kernels": count,
        "shape": f"{n} x {n} x {TIME_KERNELS}",
        "newton": solved.steps if solved.converged else "failed",
        "krylov": solved.krylov,
        "seconds": f"{seconds:.2f}",
        "ns per kernel and iteration": f"{1e9 * seconds / count / (solved.krylov + solved.steps):.0f}",
        "GiB": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=float, nargs="+", default=[1e5, 3e5, 1e6])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    print("  ".join(c.ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip())
    for kernels in given.kernels:
        done = subprocess.run([sys.executable, __file__, "--one", repr(kernels)], capture_output=True, text=True, check=True)
        record = json.loads(done.stdout.splitlines()[-1])
        print("  ".join(str(record[c]).ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
