"""Every diagnostic of the compiler has a page whose example earns exactly the message that the page shows, and whose remedy is silent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pdelang.compiler import pipeline
from pdelang.language.codes import Code, exact, ranges, refusals
from pdelang.language.diagnostics import ProblemError, render
from pdelang.language.semantics import parse

ROWS = (*exact.CODES, *refusals.CODES, *ranges.CODES)


def said(text: str) -> str:
    try:
        problem = parse(text.lstrip("\n"), "example.pde")
        source, found = problem.source, pipeline.check(problem).warnings
    except ProblemError as error:
        source, found = error.source, error.diagnostics
    return "\n".join(render(source, d) for d in found)


@pytest.fixture(autouse=True)
def measurements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that E602's example names."""
    (tmp_path / "obs.csv").write_text("x,t,u\n0.5,0.1,0.3\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_exact_rendering(row: Code) -> None:
    assert said(row.wrong) == row.message.strip("\n")
    assert said(row.right) == ""


def test_every_code_of_the_compiler_has_a_page() -> None:
    folder = Path(pipeline.__file__).parent
    used = set(re.findall(r'"([EW]\d{3})"', "".join(p.read_text() for p in folder.glob("*.py"))))
    assert used == {row.code for row in ROWS}
