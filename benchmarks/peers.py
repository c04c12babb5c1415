"""pdelang beside the codes that a user would otherwise take: error against seconds, on one core, one process after the other.

    pip install 'pdelang[peers]'                        exponax, py-pde, DeepXDE; SciPy is there anyway
    python benchmarks/peers.py                          every problem and code: a table, and output/peers.png
    python benchmarks/peers.py --only burgers --quick   one problem, without DeepXDE
    python benchmarks/peers.py --markdown

Seconds are of the processor, of the second run in a process (nothing compiles), on one core; a process that trains a network runs once.
Every setting of every code is a row, from coarse to fine: a code's curve, not its best day. The settings of the others were chosen by
hand, knowing the answer; pdelang is given tolerances. `silent`: the relative error is above 1e-2 and the code said nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from rivals import RIVALS, runs
from rivals.problems import TRUTHS, error

ONE_CORE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
LEVELS = (1e-3, 1e-6, 1e-9)
"""Errors at which the codes are compared: the seconds of the first setting at least as accurate."""

Record = dict[str, Any]


def measure(rival: str, problem: str, number: int) -> Record:
    """One setting of one code on one problem, in this process."""
    label, settings, prepare = runs(rival)[problem]
    solve = prepare(settings[number])
    began = time.process_time()
    answer = solve()
    first = seconds = time.process_time() - began
    if not getattr(solve, "once", False) and first < 60:
        began = time.process_time()
        answer = solve()
        seconds = time.process_time() - began
    return {"problem": problem, "code": label, "setting": str(settings[number]), "error": error(answer, TRUTHS[problem]()),
            "seconds": seconds, "first": first}  # fmt: skip


def in_process(rival: str, problem: str, number: int, limit: float) -> Record:
    label, settings, _ = runs(rival)[problem]
    failed: Record = {"problem": problem, "code": label, "setting": str(settings[number])}
    command = [sys.executable, __file__, "--row", rival, problem, str(number)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, check=False, env=os.environ | ONE_CORE, preexec_fn=pinned
        )
    except subprocess.TimeoutExpired:
        return failed | {"failure": f"over {limit:g} s"}
    if done.returncode:
        return failed | {"failure": (done.stderr.strip().splitlines() or ["crash"])[-1][:80]}
    record: Record = json.loads(done.stdout.splitlines()[-1])
    return record


def pinned() -> None:
    """One core for the process and all its threads, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def installed(rival: str) -> bool:
    """Whether what the rival drives can be imported; loading it here would cost its start-up."""
    package = {"with_exponax": "exponax", "with_py_pde": "pde", "with_deepxde": "deepxde"}.get(rival)
    return package is None or importlib.util.find_spec(package) is not None


def line(cells: list[str], widths: tuple[int, ...], markdown: bool) -> None:
    text = "| " + " | ".join(cells) + " |" if markdown else "  ".join(c.ljust(w) for c, w in zip(cells, widths)).rstrip()
    print(text, flush=True)


def figure(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"


def row(record: Record) -> list[str]:
    silent = "error" in record and record["code"] != "pdelang" and not record["error"] < 1e-2
    note = record.get("failure", "silent" if silent else "")
    return [record["problem"], record["code"], record["setting"], figure(record.get("error"), ".1e"),
            figure(record.get("seconds"), ".3f"), figure(record.get("first"), ".2f"), note]  # fmt: skip


def at_levels(records: list[Record], problem: str) -> list[list[str]]:
    """For each code its seconds at each level, and pdelang's as a multiple of the fastest other one's."""
    mine = [r for r in records if r["problem"] == problem and "error" in r]
    codes = list(dict.fromkeys(r["code"] for r in mine))
    seconds = {
        (code, level): min((r["seconds"] for r in mine if r["code"] == code and r["error"] <= level), default=None)
        for code in codes
        for level in LEVELS
    }
    table = [[problem, code, *(figure(seconds[code, level], ".3f") for level in LEVELS)] for code in codes]
    ratios = []
    for level in LEVELS:
        others = [s for (code, at), s in seconds.items() if at == level and code != "pdelang" and s is not None]
        own = seconds.get(("pdelang", level))
        ratios.append("-" if own is None else "alone" if not others else f"{own / min(others):.1f}x")
    return [*table, [problem, "pdelang / fastest other", *ratios]]


def picture(records: list[Record], path: Path) -> None:
    """Work-precision diagram: error against seconds, a panel a problem."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    problems = list(dict.fromkeys(r["problem"] for r in records))
    codes = list(dict.fromkeys(r["code"] for r in records))
    columns = min(4, len(problems))
    rows = -(-len(problems) // columns)
    drawing, panels = plt.subplots(rows, columns, figsize=(4.2 * columns, 3.6 * rows), squeeze=False, layout="constrained")
    for panel, problem in zip(panels.flat, problems):
        for c, code in enumerate(codes):
            own = [r for r in records if r["problem"] == problem and r["code"] == code and "error" in r]
            if own:
                bold = code == "pdelang"
                panel.loglog([r["seconds"] for r in own], [max(r["error"], 1e-16) for r in own], "o-", label=code, color=f"C{c}",
                             lw=2.2 if bold else 1.2, ms=5 if bold else 3.5, zorder=3 if bold else 2)  # fmt: skip
        panel.set_title(problem.replace("_", " "), fontsize=10)
        panel.grid(alpha=0.3)
        panel.set_xlabel("seconds of one core")
        panel.set_ylabel("relative L2 error")
        panel.xaxis.set_minor_formatter(NullFormatter())  # labels between the decades run into each other
        panel.xaxis.set_major_locator(LogLocator(numticks=5))
    for panel in panels.flat[len(problems) :]:
        panel.axis("off")
    handles = {label: h for panel in panels.flat for h, label in zip(*panel.get_legend_handles_labels())}
    drawing.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=min(len(handles), 7), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help="problems whose name starts with NAME")
    parser.add_argument("--code", default="", metavar="NAME", help="codes whose module name holds NAME, and pdelang")
    parser.add_argument("--quick", action="store_true", help="without the codes that train a network")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="give up on a setting after so long")
    parser.add_argument("--plot", type=Path, default=Path("output/peers.png"))
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.row:
        print(json.dumps(measure(chosen.row[0], chosen.row[1], int(chosen.row[2]))))
        return
    wanted = [r for r in RIVALS if (chosen.code in r or r == "with_pdelang") and not (chosen.quick and r == "with_deepxde")]
    absent = [r.removeprefix("with_") for r in wanted if not installed(r)]
    records: list[Record] = []
    widths = (30, 24, 18, 8, 9, 9, 20)
    line(["problem", "code", "setting", "error", "seconds", "first", "note"], widths, chosen.markdown)
    if chosen.markdown:
        line(["---"] * len(widths), widths, True)
    for problem in (p for p in TRUTHS if p.startswith(chosen.only)):
        for rival in (r for r in wanted if installed(r) and problem in runs(r)):
            for number in range(len(runs(rival)[problem][1])):
                records.append(in_process(rival, problem, number, chosen.limit))
                line(row(records[-1]), widths, chosen.markdown)
                if "over" in records[-1].get("failure", ""):
                    break
    print()
    line(["problem", "code", *(f"s at {level:.0e}" for level in LEVELS)], (30, 24, 10, 10, 10), chosen.markdown)
    if chosen.markdown:
        line(["---"] * 5, widths, True)
    for problem in dict.fromkeys(r["problem"] for r in records):
        for cells in at_levels(records, problem):
            line(cells, (30, 24, 10, 10, 10), chosen.markdown)
    if absent:
        print(f"not installed, so not measured: {', '.join(absent)} (pip install 'pdelang[peers]')")
    picture(records, chosen.plot)
    print(f"wrote {chosen.plot}")


if __name__ == "__main__":
    main()
