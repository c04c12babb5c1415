"""What the language says and this compiler does not solve yet: one clear diagnostic a kind, before any work is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pdelang.language.diagnostics import Diagnostic, Label, ProblemError
from pdelang.language.problem import Problem
from pdelang.language.source import Span


@dataclass(frozen=True)
class Refusal:
    """One row: what is refused, where it stands in a problem, and what to write instead."""

    code: str
    find: Callable[[Problem], Sequence[Any]]
    message: str
    help: str


REFUSALS = (
    Refusal("E601", lambda p: p.regions, "a domain with a shape is not compiled yet", "use intervals: `x in [0, 1]; y in [0, 1]`"),
    Refusal("E602", lambda p: p.data, "measurements are not compiled yet", "remove the `data` statement"),
    Refusal(
        "E603",
        lambda p: [q for q in p.parameters if q.unknown],
        "an unknown to be found from data is not compiled yet",
        "write `param` in place of `unknown`, and give its value",
    ),
    Refusal(
        "E604",
        lambda p: p.integrals,
        "a condition on an integral is not compiled yet",
        "fix a value at a point instead: `p(0, 0) = 0`",
    ),
)


def refuse(problem: Problem) -> None:
    """Raise ProblemError (E601 to E604) if the problem uses what is not compiled yet; further places are labels."""
    faults = []
    for row in REFUSALS:
        spans: list[Span] = [item.span for item in row.find(problem)]
        if spans:
            labels = tuple(Label(s, "here too") for s in spans[1:5])
            faults.append(Diagnostic(row.code, row.message, spans[0], help=row.help, labels=labels))
    if faults:
        raise ProblemError(problem.source, tuple(faults))
