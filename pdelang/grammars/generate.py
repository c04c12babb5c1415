"""The highlighter of editors, made from the grammar: `python -m pdelang.grammars.generate` writes `pde.tmLanguage.json`.

Words, numbers, texts and signs are the terminals of `pde.lark`; functions and operators are those of the registry. A test says whether
the file is up to date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lark.lexer import TerminalDef

from pdelang.language.builtins import CALLABLE, OPERATORS
from pdelang.language.parser import terminals
from pdelang.language.words import STATEMENTS

TARGET = Path(__file__).with_name("pde.tmLanguage.json")
_BRACKETS = {"LPAR", "RPAR", "LSQB", "RSQB"}
_PUNCTUATION = {"COMMA", "COLON"}


def highlighter() -> dict[str, Any]:
    """A TextMate grammar as plain data: the first rule that matches at a place wins."""
    table = {terminal.name: terminal for terminal in terminals()}
    words = [_word(terminal) for terminal in table.values() if _is_word(terminal)]
    others = {"NAME", "NUMBER", "STRING", *_BRACKETS, *_PUNCTUATION}
    signs = [t.pattern.to_regexp() for t in table.values() if not (_is_word(t) or t.name in others or t.name.startswith("__"))]
    begins = r"(?:^|(?<=;))\s*"
    name = table["NAME"].pattern.to_regexp()
    rules = (
        ("comment.line.number-sign", "#.*$"),
        ("string.quoted.double", table["STRING"].pattern.to_regexp()),
        ("entity.name.label", rf"{begins}{name}(?=\s*:)"),
        ("keyword.control", _any_word(word for word in words if word in STATEMENTS)),
        ("support.function", _any_word([*CALLABLE, *OPERATORS]) + r"(?=\s*\()"),
        ("keyword.other", _any_word(word for word in words if word not in STATEMENTS)),
        ("constant.language", _any_word(["pi"])),
        ("entity.name.function", rf"{name}(?=\s*\()"),
        ("constant.numeric", table["NUMBER"].pattern.to_regexp()),
        ("variable.other", name),
        ("keyword.operator", "|".join(sorted(signs, key=lambda sign: (-len(sign), sign)))),
        ("punctuation.separator", "|".join([";", *sorted(table[word].pattern.to_regexp() for word in _PUNCTUATION)])),
    )
    patterns = [{"name": f"{scope}.pde", "match": match} for scope, match in rules]
    return {"name": "pde", "scopeName": "source.pde", "fileTypes": ["pde"], "patterns": patterns}


def _is_word(terminal: TerminalDef) -> bool:
    return terminal.pattern.to_regexp().endswith(r"\b")


def _word(terminal: TerminalDef) -> str:
    return terminal.pattern.to_regexp().removesuffix(r"\b")


def _any_word(words: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(set(words)))})\b"


def text() -> str:
    return json.dumps(highlighter(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
