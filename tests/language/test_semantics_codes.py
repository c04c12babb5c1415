"""Every page of the registry that semantics owns: its wrong program earns its message, its right program earns nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pdelang.language.codes import CODES, Code, files, names, problem, sizes, warnings
from pdelang.language.diagnostics import ProblemError, render
from pdelang.language.passes.data import BYTES
from pdelang.language.semantics import parse
from pdelang.language.source import Source

TABLES = (files, names, problem, sizes, warnings)
OWN = [code for table in TABLES for code in table.CODES]
MEASUREMENTS = {
    "good.csv": [["x", "t", "u"], [0.5, 0.1, 0.9]],
    "temperatures.csv": [["x", "t", "u"], [0.5, 0.1, 0.9]],
    "no_time.csv": [["x", "u"], [0.5, 0.9]],
    "word.csv": [["x", "t", "u"], [0.5, 0.1, "warm"]],
    "outside.csv": [["x", "t", "u"], [5, 0.1, 0.9]],
    "partly.csv": [["x", "t", "u"], [0.5, 0.1, 0.9], [5, 0.1, 0.9]],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, rows in MEASUREMENTS.items():
        with open(tmp_path / name, "w", newline="") as file:
            csv.writer(file).writerows(rows)
    with open(tmp_path / "large.csv", "wb") as sparse:
        sparse.truncate(BYTES + 1)
    return tmp_path


def said(program: str) -> str:
    try:
        found = parse(program, "example.pde").warnings
    except ProblemError as error:
        found = error.diagnostics
    return "\n".join(render(Source(program, "example.pde"), diagnostic) for diagnostic in found)


@pytest.mark.parametrize("code", OWN, ids=[code.code for code in OWN])
def test_the_wrong_program_earns_its_message_and_the_right_one_none(code: Code, folder: Path) -> None:
    assert said(code.wrong.strip("\n") + "\n") == code.message.strip("\n")
    assert code.code in code.message
    assert said(code.right.strip("\n") + "\n") == ""


def test_every_row_is_in_the_registry() -> None:
    assert all(CODES[code.code] is code for code in OWN)
    assert len({code.code for code in OWN}) == len(OWN)


def test_every_code_that_is_reported_has_a_page() -> None:
    import re

    import pdelang.language

    room = Path(pdelang.language.__file__).parent
    used = {code for path in room.glob("*.py") for code in re.findall(r'"([EW]\d{3})"', path.read_text(encoding="utf-8"))}
    assert used - CODES.keys() == set()
