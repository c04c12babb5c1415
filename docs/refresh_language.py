"""Put the tables of the language, and what is said of the wrong program, into docs/language.md.

    python docs/refresh_language.py

A table stands between `<!-- table NAME -->` and `<!-- end -->`. A test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pdelang.language import limits
from pdelang.language.builtins import CALLABLE, FUNCTIONS, OPERATORS, Function
from pdelang.language.codes import CODES
from pdelang.language.diagnostics import ProblemError
from pdelang.language.passes.options import OPTIONS
from pdelang.language.semantics import parse

PAGE = Path(__file__).parent / "language.md"
_TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SAID = re.compile(r"(```pde\n([^`]*)```\n\n```text\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _functions() -> str:
    rows = (FUNCTIONS[name] for name in FUNCTIONS if name in CALLABLE and name != "if")
    return _rows(
        ("function", "real and finite where"), ((f"`{_call(row)}`", f"`{row.domain}`" if row.domain else "everywhere") for row in rows)
    )


def _call(row: Function) -> str:
    names = "a, b" if row.least == 2 else "a"
    return f"{row.name}({names}{', ...' if row.most is None else ''})"


def _operators() -> str:
    return _rows(("operator", "meaning"), ((f"`{row.usage}`", row.meaning) for row in OPERATORS.values()))


def _options() -> str:
    kinds = {"number": "a positive number", "integer": "a whole number", "name": "a name"}
    return _rows(("option", "value"), ((f"`{row.name}`", kinds[row.kind]) for row in OPTIONS.values()))


def _limits() -> str:
    rows = (
        ("size of the file", f"{limits.FILE_BYTES >> 20} MiB"),
        ("words and signs", f"{limits.TOKENS:,}"),
        ("statements", f"{limits.STATEMENTS:,}"),
        ("depth of brackets, and of operators on operators", f"{limits.NESTING}"),
        ("length of a name", f"{limits.NAME_LENGTH}"),
        ("digits of a number", f"{limits.NUMBER_DIGITS}"),
        ("size of a number", f"1e-{limits.NUMBER_EXPONENT} to 1e{limits.NUMBER_EXPONENT}"),
        ("a constant exponent", f"{limits.CONSTANT_EXPONENT:,}"),
        ("terms of a `sum`", f"{limits.SUM_TERMS:,}"),
        ("coordinates", f"{limits.COORDINATES}"),
        ("scalar fields", f"{limits.FIELDS}"),
        ("components of a parameter", f"{limits.PARAMETER_SIZE}"),
        ("order of a derivative", f"{limits.DERIVATIVE_ORDER}"),
        ("operations of an equation, definitions put in", f"{limits.EQUATION_NODES:,}"),
    )
    return _rows(("what", "at most"), rows)


def _codes() -> str:
    return _rows(("code", "what"), ((row.code, row.title) for row in sorted(CODES.values(), key=lambda row: row.code)))


TABLES: dict[str, Callable[[], str]] = {
    "functions": _functions,
    "operators": _operators,
    "options": _options,
    "limits": _limits,
    "codes": _codes,
}


def said(program: str) -> str:
    """All diagnostics of a program, as the command prints them."""
    try:
        parse(program, "example.pde")
    except ProblemError as error:
        return str(error) + "\n"
    return ""


def refreshed(page: str) -> str:
    page = _SAID.sub(lambda match: match[1] + said(match[2]) + match[4], page)
    return _TABLE.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], page)


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
