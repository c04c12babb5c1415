"""Collecting diagnostics, and finding the name that was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pdelang.language.diagnostics import Diagnostic, Label
from pdelang.language.limits import ERRORS
from pdelang.language.source import Source, Span

Labels = tuple[Label, ...]


@dataclass
class Report:
    """Diagnostics in the order of finding, each once (a condition on four faces would say the same four times).

    Bounded: a hundred errors and a hundred warnings are enough to read.
    """

    source: Source
    found: dict[Diagnostic, None] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, message: str, span: Span | None, note: str = "", help: str = "", labels: Iterable[Label] = ()) -> None:
        diagnostic = Diagnostic(code, message, span, note, help, tuple(labels))
        if diagnostic in self.found:
            return
        self.count[diagnostic.severity] += 1
        if self.count[diagnostic.severity] <= ERRORS:
            self.found[diagnostic] = None
        elif self.count[diagnostic.severity] == ERRORS + 1 and diagnostic.severity == "error":
            self.found[Diagnostic("E909", f"more than {ERRORS} errors", span, "the rest is not said", "mend the first ones")] = None

    def excerpt(self, span: Span) -> str:
        return self.source.excerpt(span)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return in_order(d for d in self.found if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return in_order(d for d in self.found if d.severity == "warning")


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place in the text; those without a place come last."""
    return tuple(sorted(diagnostics, key=lambda d: (d.span is None, d.span or Span(0, 0), d.code)))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a`, `b` and `c`"""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}" if quoted else ""


def the_fields(names: Iterable[str]) -> str:
    """A help line: `the fields are u and v`."""
    fields = list(names)
    return f"the field{'' if len(fields) == 1 else 's'} {'is' if len(fields) == 1 else 'are'} {listed(fields)}" if fields else ""


def similar(name: str, kinds: Mapping[str, str]) -> str | None:
    """The name in `kinds` (name -> kind) that was probably meant: alike by difflib, or one keystroke away."""
    best, score = None, 0.0
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(name.lower())
    for candidate in kinds:
        if candidate == name or abs(len(candidate) - len(name)) > 3:
            continue
        matcher.set_seq1(candidate.lower())
        ratio = matcher.ratio()
        if candidate.lower() == name.lower() or (len(name) > 1 and _one_keystroke(name, candidate)):
            ratio += 0.5
        if ratio >= 0.7 and ratio > score:
            best, score = candidate, ratio
    return best


def did_you_mean(name: str, kinds: Mapping[str, str]) -> str:
    """A help line: `a parameter with a similar name exists: nu`; empty where nothing is alike."""
    candidate = similar(name, kinds)
    if candidate is None:
        return ""
    kind = kinds[candidate]
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind} with a similar name exists: `{candidate}`"


def _one_keystroke(a: str, b: str) -> bool:
    """One letter changed, left out, put in, or two neighbours swapped; not both letters of a name of one."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1 or len(b) < 2:
        return False
    start = next((i for i in range(len(a)) if a[i] != b[i]), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    return a[start + 1 :] == b[start + 1 :] or (a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :])
