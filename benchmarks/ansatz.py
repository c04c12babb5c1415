"""Every example by every ansatz: how a training of five steps ends, in words. `pdelang bench ansatz [--quick] [--only NAME]`.

Nothing can converge in so few steps; what is looked at is that each program trains by each representation, and that the solution says what
it is. Resumable: finished runs are in the CSV file. Leaves with 1 if one of them raised, converged or had no words.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from figures.cases import ROOT
from figures.study import Row, Study, arguments, markdown, path_of

import pdelang

SMALL: Mapping[str, Any] = {"steps": 5, "unknowns": 200, "collocation": 216}
ANSATZ: Mapping[str, Mapping[str, Any]] = {
    "mlp": {},
    "spinn": {},
    "pikan": {},
    "pig": {},
    "rbf": {"method": "first_order"},
    "separable": {},
    "lattice": {},
}
EXAMPLES = tuple(sorted(path.stem for path in (ROOT / "examples").glob("*.pde")))
UNPOLISHED = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
"""Compilation is all of the time here."""
QUICK = ("burgers", "heat3d", "schroedinger")


def trained(example: str, ansatz: str, steps: int) -> Iterable[Row]:
    """One solve: the name of its status, kernels or trainable numbers, and its words without commas."""
    try:
        own = {**SMALL, **ANSATZ[ansatz], "steps": steps}
        solution = pdelang.solve(ROOT / "examples" / f"{example}.pde", ansatz=ansatz, **own)
        status, words, size = solution.status.name.lower(), solution.message, solution.kernels
    except Exception as error:  # the table is about these
        status, words, size = "raised", f"{type(error).__name__}: {error}", 0
    yield {"status": status, "size": size, "words": " ".join(words.replace(",", " ").split())}


def honest(row: Row) -> bool:
    return row["status"] not in ("raised", "converged") and bool(row["words"])


def main() -> int:
    given = arguments(__doc__.splitlines()[0], seeds=1, quick_seeds=1, steps=SMALL["steps"])
    os.environ.setdefault("XLA_FLAGS", UNPOLISHED)
    study = Study(path_of(given, "ansatz"), ("example", "ansatz", "steps"), ("status", "size", "words"))
    examples = QUICK if given.quick else EXAMPLES
    keys = [(e, a, given.steps) for a in ANSATZ for e in examples if given.only in ("", e, a)]
    study.run(keys, trained)
    text = table(study, given.steps)
    path_of(given, "ansatz").with_suffix(".md").write_text(text)
    print(text)
    return 0 if all(map(honest, study.rows)) else 1


def table(study: Study, steps: int) -> str:
    """How many examples end how, a row an ansatz; then whatever is not `iteration_limit`, in its words."""
    statuses = sorted({row["status"] for row in study.of(steps=steps)})
    rows = []
    for ansatz in ANSATZ:
        found = study.of(ansatz=ansatz, steps=steps)
        if found:
            rows.append([ansatz, str(len(found)), *(str(sum(r["status"] == s for r in found)) for s in statuses)])
    others = [r for r in study.of(steps=steps) if r["status"] != "iteration_limit"]
    lines = [f"- {r['example']} by {r['ansatz']}, {r['status']}: {r['words']}" for r in others]
    note = f"\nAfter {steps} steps of about {SMALL['unknowns']} numbers on {SMALL['collocation']} points.\n"
    return markdown(["ansatz", "examples", *statuses], rows) + note + "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
