"""What is known about an answer: the certificate that goes with every solution, as plain data.

validation.py makes it on points that the solve never saw; `Solution` carries it, storage writes it as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_TERMS = 5
"""Of an equation, in a line of text."""


@dataclass(frozen=True)
class TermReport:
    """One summand of a residual: where it stands in the text and its root mean square."""

    text: str
    line: int
    norm: float


@dataclass(frozen=True)
class EquationReport:
    """One equation or condition on independent points.

    norm: root mean square of left - right. relative: norm over the scale of the terms; this is what the tolerance bounds.
    largest: the largest |left - right|, met at `at` (coordinates in the order of the problem). terms: largest norm first.
    """

    label: str
    kind: str
    line: int
    norm: float
    relative: float
    largest: float
    at: tuple[float, ...] = ()
    points: int = 0
    terms: tuple[TermReport, ...] = ()

    @property
    def sizes(self) -> str:
        """The terms of an equation and their root mean squares, the largest first; empty for a condition."""
        if self.kind != "interior":
            return ""
        rest = f", and {len(self.terms) - MOST_TERMS} smaller" if len(self.terms) > MOST_TERMS else ""
        return ", ".join(f"{' '.join(t.text.split())} {t.norm:.1e}" for t in self.terms[:MOST_TERMS]) + rest


@dataclass(frozen=True)
class Certificate:
    """
    tolerance: what was asked for. residual: the largest `relative` over equations and conditions, the figure that decides
    `converged`. error_estimate: by field, relative L2 of the estimated error, empty if the method gives none.
    """

    tolerance: float
    residual: float
    equations: tuple[EquationReport, ...]
    conditions: tuple[EquationReport, ...]
    error_estimate: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"error_estimate": dict(self.error_estimate)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Certificate:
        return cls(
            tolerance=data["tolerance"],
            residual=data["residual"],
            equations=tuple(_report(r) for r in data["equations"]),
            conditions=tuple(_report(r) for r in data["conditions"]),
            error_estimate=dict(data["error_estimate"]),
        )


def _report(data: Mapping[str, Any]) -> EquationReport:
    terms = tuple(TermReport(**t) for t in data["terms"])
    return EquationReport(**{**data, "at": tuple(data["at"]), "terms": terms})
