"""Growth of time and memory with the number of kernels: Burgers' equation on a square (examples/burgers2d.pde), each row a process.

    python benchmarks/growth.py                     one slab of 1e5, 3e5, 1e6 kernels; and 1, 10, 100 slabs of 1e5, to the end of time
    python benchmarks/growth.py --kernels 1e5 2e6 --slabs

`kernels`: n x n x 18 a slab, n chosen for the number asked for. `seconds`: CPU time of the second solve, start-up and compilation left
out; Newton's steps and the iterations of its linear systems are printed beside it, for those of a slab should not grow. `ns per kernel
and iteration`: constant where growth is linear; in one slab the contractions along an axis cost O(n) a kernel, everything else O(1).
`GiB`: the most memory that the process ever had.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parent.parent / "examples" / "burgers2d.pde"
TIME_KERNELS, LENGTH, TOLERANCE = 18, 0.02, 1e-10
KERNELS_A_SLAB, MARCHED_TO = 1e5, 2e-9  # the tolerance for which a march takes 18 kernels in time
COLUMNS = ("kernels", "shape", "newton", "krylov", "seconds", "ns per kernel and iteration", "GiB")
WIDTHS = (10, 22, 8, 8, 9, 28, 6)


def layout_of(kernels: float) -> Any:
    from pdelang.compiler.pipeline import compile
    from pdelang.runtime.solve.product.layouts import Layout
    from pdelang.runtime.solve.product.program import Program

    n = round((kernels / TIME_KERNELS) ** 0.5)
    return Layout(Program(compile(EXAMPLE), {"nu": 0.05}), (n, n), (None, None), fixed=True)


def in_space(kernels: float) -> dict[str, object]:
    """One slab."""
    from pdelang.runtime.solve.product.iteration import solve_slab
    from pdelang.runtime.solve.product.layouts import initial_coefficients
    from pdelang.runtime.solve.product.system import SlabSystem

    layout = layout_of(kernels)
    space = layout.space()
    starts = initial_coefficients(space)[0]
    for _ in range(2):
        began = time.process_time()
        solved = solve_slab(SlabSystem(space, layout.time_factor(TIME_KERNELS), 0.0, LENGTH, starts), TOLERANCE, {})
        seconds = time.process_time() - began
    return record(layout.kernels[0], 1, solved.steps, solved.krylov, seconds)


def in_time(slabs: int) -> dict[str, object]:
    """The whole of time in slabs of one length."""
    from pdelang.runtime.result import silent
    from pdelang.runtime.solve.product.march import march
    from pdelang.runtime.solve.product.solved import Limits

    layout = layout_of(KERNELS_A_SLAB)
    march(layout.program, layout, MARCHED_TO, silent, Limits(float("inf"), slabs=1))
    began = time.process_time()
    done = march(layout.program, layout, MARCHED_TO, silent, Limits(float("inf"), slabs=slabs))
    return record(layout.kernels[0], slabs, done.newton, done.krylov, time.process_time() - began)


def record(n: int, slabs: int, newton: int, krylov: int, seconds: float) -> dict[str, object]:
    count = n * n * TIME_KERNELS * slabs
    return {
        "kernels": count,
        "shape": f"{f'{slabs} of ' if slabs > 1 else ''}{n} x {n} x {TIME_KERNELS}",
        "newton": newton,
        "krylov": krylov,
        "seconds": f"{seconds:.2f}",
        "ns per kernel and iteration": f"{1e9 * seconds * slabs / count / (krylov + newton):.0f}",
        "GiB": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=float, nargs="*", default=[1e5, 3e5, 1e6])
    parser.add_argument("--slabs", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        import scipy.linalg  # noqa: F401 - threadpoolctl limits what is loaded
        from threadpoolctl import threadpool_limits

        kind, number = given.one
        with threadpool_limits(limits=1):
            print(json.dumps(in_time(int(number)) if kind == "slabs" else in_space(float(number))))
        return
    print("  ".join(c.ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip())
    for kind, number in [*(("kernels", k) for k in given.kernels), *(("slabs", s) for s in given.slabs)]:
        done = subprocess.run([sys.executable, __file__, "--one", kind, repr(number)], capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print("  ".join(str(row[c]).ljust(w) for c, w in zip(COLUMNS, WIDTHS)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
