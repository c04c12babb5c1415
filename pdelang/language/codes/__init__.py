"""The registry of diagnostics: one row a code, one file a hundred. A new code is a new row, and nothing else."""

from __future__ import annotations

from pdelang.language.codes import exact, files, limits, names, problem, ranges, refusals, sizes, syntax, warnings
from pdelang.language.codes.code import Code, page

__all__ = ["CODES", "Code", "page"]

_TABLES = (syntax, names, problem, exact, files, refusals, limits, sizes, warnings, ranges)

CODES: dict[str, Code] = {row.code: row for table in _TABLES for row in table.CODES}
