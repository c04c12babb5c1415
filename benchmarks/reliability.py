"""Hostile programs: does each end with a status and a reason within a minute, and is none called converged wrongly?

    python benchmarks/reliability.py                 every program
    python benchmarks/reliability.py --only heat     those whose name holds the word
    python benchmarks/reliability.py --messages      the words below each row, as a user reads them

Columns: `error`, the true relative L2 error where the solution is known, against the tolerance in `tol`; `seconds`, of the solve, by the
clock, JAX's compilation included. `verdict`: `ok`, or what is wrong: a solution said to have converged that has not, a solvable problem
that was not solved, a reason that is missing.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.runtime.hostile import HOSTILE, Hostile

SLOWEST = 75.0
"""Seconds: the default time limit of a minute, and compilation."""


def measure(row: Hostile) -> tuple[str, str, float | None, float, str]:
    """status, message, true error, seconds, verdict."""
    import pdelang

    began = time.perf_counter()
    try:
        solution = pdelang.solve(pdelang.parse(row.program, row.name), tolerance=row.tolerance, **row.parameters)
    except (pdelang.ProblemError, pdelang.UsageError) as refused:
        return "refused", str(refused).strip().splitlines()[0], None, time.perf_counter() - began, "ok" if not row.solvable else "refused"
    except Exception as fault:  # a traceback in front of a user is what this table looks for
        return "traceback", repr(fault), None, time.perf_counter() - began, "CRASH"
    seconds = time.perf_counter() - began
    error = max(solution.relative_l2.values(), default=None)
    return (
        solution.status.name.lower(),
        solution.message,
        error,
        seconds,
        verdict(row, solution.converged, error, solution.message, seconds),
    )


def verdict(row: Hostile, converged: bool, error: float | None, message: str, seconds: float) -> str:
    if converged and error is not None and error > 10 * row.tolerance:
        return "FALSE"
    if converged and error is None and not row.solvable:
        return "DOUBTFUL"
    if row.solvable and not converged:
        return "MISSED"
    if not converged and not message:
        return "SILENT"
    if not converged and row.words and not any(word in message for word in row.words):
        return "words"
    return "ok" if seconds < SLOWEST else "slow"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose name holds one of these words, with commas between")
    parser.add_argument("--messages", action="store_true", help="the reason below each row")
    parser.add_argument("--quick", action="store_true", help="only the rows that take seconds")
    arguments = parser.parse_args()
    rows = [row for row in HOSTILE if any(word in row.name for word in arguments.only.split(",")) and (row.quick or not arguments.quick)]
    print(f"{'program':42} {'status':18} {'error':>8} {'tol':>6} {'seconds':>8}  verdict")
    worst = 0
    for row in rows:
        status, message, error, seconds, judged = measure(row)
        worst += judged.isupper()
        print(
            f"{row.name:42} {status:18} {'' if error is None else f'{error:.1e}':>8} {row.tolerance:6.0e} {seconds:8.1f}  {judged}",
            flush=True,
        )
        if arguments.messages and message:
            print(f"    {message}", flush=True)
    sys.exit(worst > 0)


if __name__ == "__main__":
    main()
