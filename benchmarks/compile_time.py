"""From `.pde` text to the emitted module, example by example: seconds, imports excluded. It must stay below 2 s.

    python benchmarks/compile_time.py [NAME ...] [--markdown]

Each example is compiled in a process of its own, because SymPy remembers what it has simplified, and without the project's cache.
The number of kernels is no argument of the compiler, so the time cannot depend on it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
LIMIT = 2.0


def measure(path: Path) -> dict[str, float]:
    """Seconds of the front end and of all together, lines of the emitted module."""
    import jax  # noqa: F401 - imports are not compilation
    import sympy  # noqa: F401

    from pdelang.compiler import emission, pipeline
    from pdelang.language import semantics

    assert emission.emit
    began = time.perf_counter()
    problem = semantics.load(path)
    front = time.perf_counter() - began
    compiled = pipeline.compile(problem, use_cache=False)
    return {"front": front, "total": front + compiled.seconds, "lines": compiled.source.count("\n")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.file:
        print(json.dumps(measure(chosen.file)))
        return
    line = "| {:30} | {:>8} | {:>8} | {:>6} |" if chosen.markdown else "{:30}  {:>8}  {:>8}  {:>6}"
    print(line.format("example", "front s", "total s", "lines"))
    if chosen.markdown:
        print(line.format("---", "---:", "---:", "---:"))
    slowest = 0.0
    for path in sorted(EXAMPLES.glob("*.pde")):
        if chosen.names and path.stem not in chosen.names:
            continue
        done = subprocess.run([sys.executable, __file__, "--file", str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{path.name}: {done.stderr.strip().splitlines()[-1]}")
        figures = json.loads(done.stdout.splitlines()[-1])
        slowest = max(slowest, figures["total"])
        print(line.format(path.stem, f"{figures['front']:.3f}", f"{figures['total']:.3f}", figures["lines"]), flush=True)
    print(f"\nslowest {slowest:.2f} s, limit {LIMIT:g} s: {'met' if slowest <= LIMIT else 'NOT MET'}")
    sys.exit(slowest > LIMIT)


if __name__ == "__main__":
    main()
