"""What is made from the grammar and the registries, the highlighter and the language's page, is in step with them."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from pdelang.grammars.generate import TARGET, text
from pdelang.language.parser import parse_program, terminals
from pdelang.language.source import Source
from pdelang.language.words import CLAUSES, STATEMENTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "language.md"
EXAMPLES = sorted((ROOT / "examples").glob("*.pde"))


def test_the_words_of_the_grammar_are_the_words_of_the_messages() -> None:
    words = {t.pattern.to_regexp().removesuffix(r"\b") for t in terminals() if t.pattern.to_regexp().endswith(r"\b")}
    assert words == {*STATEMENTS, *CLAUSES}


def test_the_highlighter_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run python -m pdelang.grammars.generate"


def _coloured(line: str) -> list[tuple[str, str]]:
    """(scope, text) of every stretch, as an editor would cut the line: the first rule that matches at a place."""
    rules = [(rule["name"], re.compile(rule["match"])) for rule in json.loads(text())["patterns"]]
    found, at = [], 0
    while at < len(line):
        hits = ((scope, match) for scope, rule in rules if (match := rule.match(line, at)) and match.end() > at)
        scope, match = next(hits, ("", None))
        if match is not None:
            found.append((scope.removesuffix(".pde"), match.group()))
        elif not line[at].isspace() and line[at] not in "()[]":
            found.append(("", line[at]))
        at = at + 1 if match is None else match.end()
    return found


def test_highlighting() -> None:
    line = 'momentum: log(u_x)*2.5 - sum(k in 1..4: f(k)^2) = pi  # "x"'
    assert _coloured(line) == [
        ("entity.name.label", "momentum"),
        ("punctuation.separator", ":"),
        ("support.function", "log"),
        ("variable.other", "u_x"),
        ("keyword.operator", "*"),
        ("constant.numeric", "2.5"),
        ("keyword.operator", "-"),
        ("keyword.other", "sum"),
        ("variable.other", "k"),
        ("keyword.other", "in"),
        ("constant.numeric", "1"),
        ("keyword.operator", ".."),
        ("constant.numeric", "4"),
        ("punctuation.separator", ":"),
        ("entity.name.function", "f"),
        ("variable.other", "k"),
        ("keyword.operator", "^"),
        ("constant.numeric", "2"),
        ("keyword.operator", "="),
        ("constant.language", "pi"),
        ("comment.line.number-sign", '# "x"'),
    ]
    assert _coloured("param paramm in [0, 1] log")[:3] == [
        ("keyword.control", "param"),
        ("variable.other", "paramm"),
        ("keyword.other", "in"),
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_character_of_an_example_is_coloured(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        assert all(scope for scope, _ in _coloured(line))


def test_the_tables_of_the_page_are_up_to_date() -> None:
    refreshed = runpy.run_path(str(ROOT / "docs" / "refresh_language.py"))["refreshed"]
    page = PAGE.read_text(encoding="utf-8")
    assert refreshed(page) == page, "run python docs/refresh_language.py"


def test_the_programs_of_the_page_are_well_formed() -> None:
    blocks = re.findall(r"```pde\n(.*?)```\n(\n```text)?", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 15
    for block, message in blocks:
        assert bool(parse_program(Source(block))[1]) == bool(message), block
