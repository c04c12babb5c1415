"""What a local change costs, against a solve of its own: kernels adapted anew and processor time. `python benchmarks/local.py [--quick]`

Two sources in an absorbing medium (examples/sources.pde), solved once with scattered kernels; then the second one changes. Times are those
of this process on one thread, so that ratios hold on a busy machine; compiled functions are warm. Errors are against the exact solution.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

import pdelang
from pdelang import Solution
from pdelang.runtime.solve import local

PROGRAM = Path(__file__).parent.parent / "examples" / "sources.pde"
CHANGES: dict[str, dict[str, float]] = {
    "q: 1 -> 1.5": {"q": 1.5},
    "q: 1 -> 1.01": {"q": 1.01},
    "s: 0.75 -> 0.76": {"s": 0.76},
    "s: 0.75 -> 0.7": {"s": 0.7},
}


def timed(work: Any) -> tuple[Solution, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer kernels, one change")
    parser.add_argument("--kernels", type=int, default=2000)
    parser.add_argument("--tol", type=float, default=1e-4)
    parser.add_argument("--halo", type=float, default=local.HALO, help="of kernels around a point that misses, in widths")
    given = parser.parse_args()
    local.HALO = given.halo
    options = {"method": "least_squares", "kernels": 900 if given.quick else given.kernels, "tolerance": given.tol, "time_limit": 3600.0}
    problem = pdelang.compile(pdelang.load(PROGRAM))
    changes = dict(list(CHANGES.items())[:1]) if given.quick else CHANGES
    with threadpool_limits(1):
        pdelang.solve(problem, **{**options, "kernels": 100})  # compile
        old, first = timed(lambda: pdelang.solve(problem, **options))
        old.resolve(q=0.9)
        print(
            f"{old.kernels:,} kernels, tolerance {given.tol:g}: {first:.2f} s, error {old.relative_l2['u']:.1e}, {old.status.name.lower()}"
        )
        print(f"{'change':<18}{'adapted':>8}{'of all':>8}{'local s':>9}{'anew s':>9}{'ratio':>7}{'error':>9}{'estimate':>10}  status")
        for name, change in changes.items():
            new, spent = timed(lambda change=change: old.resolve(**change))
            _, anew = timed(lambda change=change: pdelang.solve(problem, **options, **change))
            count = 0 if new.readapted is None else int(new.readapted.sum())
            print(
                f"{name:<18}{count:>8,}{count / old.kernels:>8.1%}{spent:>9.2f}{anew:>9.2f}{anew / spent:>7.1f}"
                f"{new.relative_l2['u']:>9.1e}{new.error_estimate:>10.1e}  {new.status.name.lower()}"
            )


if __name__ == "__main__":
    main()
