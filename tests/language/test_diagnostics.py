"""Every Markdown file in `diagnostics/` is a suite: a fenced `pde` program, then a fenced `text` with all that is said of it.

After a deliberate change of wording, `python tests/language/test_diagnostics.py` rewrites the messages; read the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from pdelang.language.colours import coloured
from pdelang.language.diagnostics import Diagnostic, Label, ProblemError, render, to_json
from pdelang.language.excerpts import WINDOW
from pdelang.language.parser import parse_program
from pdelang.language.source import Source, Span

FOLDER = Path(__file__).parent / "diagnostics"
SYNTAX_ONLY = {"syntax", "limits"}
_CASE = re.compile(r"^```pde\n(?P<program>.*?)^```\n+```text\n(?P<messages>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def cases(path: Path) -> list[tuple[str, str, str]]:
    """(title, program, messages) of every pair of blocks; the title is the heading above."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _CASE.finditer(text):
        headings = _HEADING.findall(text[: match.start()])
        found.append((f"{path.stem}: {headings[-1] if headings else match.start()}", match["program"], match["messages"]))
    return found


def diagnostics(stem: str, program: str) -> tuple[Source, tuple[Diagnostic, ...]]:
    """What is said of a program under the name `example.pde`; paths in it count from the folder of the suites."""
    source = Source(program, "example.pde")
    if stem in SYNTAX_ONLY:
        return source, parse_program(source)[1]
    from pdelang.language.semantics import parse

    here = os.getcwd()
    os.chdir(FOLDER)
    try:
        return source, parse(program, "example.pde").warnings
    except ProblemError as error:
        return source, error.diagnostics
    finally:
        os.chdir(here)


def messages(stem: str, program: str) -> str:
    source, found = diagnostics(stem, program)
    return "".join(render(source, d) + "\n" for d in found)


ALL = [case for path in sorted(FOLDER.glob("*.md")) for case in cases(path)]


@pytest.mark.parametrize(("title", "program", "expected"), ALL, ids=[title for title, *_ in ALL])
def test_exact_rendering(title: str, program: str, expected: str) -> None:
    assert messages(title.partition(":")[0], program) == expected


def test_every_suite_has_cases() -> None:
    blocks = {path.stem: path.read_text(encoding="utf-8").count("```pde\n") for path in FOLDER.glob("*.md")}
    assert {"syntax", "limits"} <= set(blocks)
    assert blocks == {path.stem: len(cases(path)) for path in FOLDER.glob("*.md")}


SOURCE = Source("u_t = 1\n\tu_t + u*u_x = nv*u_xx\nx in [0, 1]\n\n\nv = 2\n", "burgers.pde")


def _span(text: str, source: Source = SOURCE) -> Span:
    start = source.text.index(text)
    return Span(start, start + len(text))


DIAGNOSTIC = Diagnostic(
    "E201",
    "unknown name `nv`",
    _span("nv"),
    "not a name",
    "there is: `nu`\nor `mu`",
    (Label(_span("v = 2"), "far"), Label(_span("x in"), "near"), Label(_span("u*u_x"), "same line")),
)


def test_labels_tabs_and_long_help() -> None:
    assert render(SOURCE, DIAGNOSTIC).splitlines() == [
        "error[E201]: unknown name `nv`",
        "  --> burgers.pde:2:16",
        "   |",
        " 2 |     u_t + u*u_x = nv*u_xx",
        "   |                   ^^ not a name",
        "   |           ----- same line",
        " 3 | x in [0, 1]",
        "   | ---- near",
        " ...",
        " 6 | v = 2",
        "   | ----- far",
        "   = help: there is: `nu`",
        "           or `mu`",
    ]


def test_a_diagnostic_without_place() -> None:
    assert render(SOURCE, Diagnostic("W301", "nothing here", None, help="write something")).splitlines() == [
        "warning[W301]: nothing here",
        "  --> burgers.pde",
        "   = help: write something",
    ]


def test_colour_changes_no_character() -> None:
    for diagnostic in (DIAGNOSTIC, Diagnostic("W301", "nothing here", None)):
        assert coloured(SOURCE, diagnostic).plain == render(SOURCE, diagnostic)
    assert any("red" in str(span.style) for span in coloured(SOURCE, DIAGNOSTIC).spans)


def test_json_counts_from_one_and_survives_a_round_trip() -> None:
    data = json.loads(json.dumps(to_json(SOURCE, DIAGNOSTIC)))
    place = {"line": 2, "column": 16, "end_line": 2, "end_column": 18, "start": 23, "end": 25}
    assert data["place"] == place
    assert SOURCE.text[place["start"] : place["end"]] == "nv"
    assert [label["text"] for label in data["labels"]] == ["far", "near", "same line"]
    assert data["code"] == "E201"
    assert data["severity"] == "error"
    assert to_json(SOURCE, Diagnostic("W301", "nothing here", None))["place"] is None


@pytest.mark.parametrize("wide", ["温度", "é", "u\u0301", "αβ"])
def test_carets_stand_under_the_span_in_terminal_columns(wide: str) -> None:
    source = Source(f'problem p "{wide}" nv\n')
    row = render(source, Diagnostic("E101", "m", _span("nv", source))).splitlines()[-1]
    columns = {"温度": 4, "é": 1, "u\u0301": 1, "αβ": 2}[wide]
    assert row == "   | " + " " * (len('problem p ""') + columns + 1) + "^^"


def test_a_long_line_is_shown_around_the_span() -> None:
    source = Source("u = " + "a + " * 1000 + "nv" + " + b" * 1000)
    shown = render(source, Diagnostic("E101", "m", _span("nv", source))).splitlines()
    assert max(map(len, shown)) <= WINDOW + 10
    assert shown[3][shown[4].index("^") :].startswith("nv")


def test_nothing_in_a_program_reaches_the_terminal_as_a_command() -> None:
    source = Source("u = \x1b[31m\x00\u202e\x7f\n", "evil\x1b[2J.pde")
    shown = render(source, Diagnostic("E107", "m \x1b[0m", Span(4, 5), "note \x07"))
    assert all(c == "\n" or (c.isprintable() and c != "\u202e") for c in shown)


def test_the_end_of_the_text_can_be_pointed_at() -> None:
    for text in ("", "u", "u\n"):
        source = Source(text)
        assert render(source, Diagnostic("E112", "m", Span(len(text), len(text) + 1))).endswith("^")


def _rewrite(path: Path) -> None:
    def renewed(match: re.Match[str]) -> str:
        return f"```pde\n{match['program']}```\n\n```text\n{messages(path.stem, match['program'])}```"

    path.write_text(_CASE.sub(renewed, path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    for suite in sorted(FOLDER.glob("*.md")):
        _rewrite(suite)
