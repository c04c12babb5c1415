"""The registry of diagnostics is complete, and its pages tell the truth."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from pdelang.language.codes import CODES, Code, page
from pdelang.language.diagnostics import render
from pdelang.language.parser import parse_program
from pdelang.language.source import Source

PACKAGE = Path(__file__).parents[2] / "pdelang"
SYNTAX = [row for row in CODES.values() if (row.code.startswith("E1") and row.code != "E113") or row.code == "E908"]


def test_every_code_that_the_source_names_has_a_page() -> None:
    used = {
        code
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "codes"
        for code in re.findall(r'"([EW]\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used - set(CODES) == set()
    assert set(CODES) - used == set()


@pytest.mark.parametrize("row", CODES.values(), ids=lambda row: row.code)
def test_pages_are_whole(row: Code) -> None:
    assert re.fullmatch(r"[EW]\d{3}", row.code)
    assert row.title
    assert not row.title.endswith(".")
    assert row.text.strip()
    assert row.wrong.strip() != row.right.strip()
    assert row.message.strip().startswith(f"{row.severity}[{row.code}]: ")
    shown = page(row)
    assert shown == shown.strip()
    assert all(len(line) <= 150 for line in shown.splitlines())


@pytest.mark.parametrize("row", SYNTAX, ids=lambda row: row.code)
def test_the_wrong_program_of_a_syntax_page_earns_its_message(row: Code) -> None:
    source = Source(row.wrong.strip("\n") + "\n", "example.pde")
    (fault,) = parse_program(source)[1]
    assert render(source, fault) == row.message.strip("\n")


@pytest.mark.parametrize("row", CODES.values(), ids=lambda row: row.code)
def test_the_right_program_of_a_page_has_no_syntax_error(row: Code) -> None:
    assert parse_program(Source(row.right))[1] == ()


def test_no_code_has_two_rows() -> None:
    tables = [
        import_module(f"pdelang.language.codes.{path.stem}")
        for path in (PACKAGE / "language" / "codes").glob("*.py")
        if path.stem not in ("__init__", "code")
    ]
    rows = [row.code for table in tables for row in table.CODES]
    assert sorted(rows) == sorted(set(rows)) == sorted(CODES)
