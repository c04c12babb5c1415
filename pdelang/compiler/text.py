"""Python source as text: literals, user text in comments and docstrings, lines of at most 120 characters.

No text of a program can leave the string, comment or docstring that it is put in: strings are escaped to printable ASCII,
comments and docstrings lose every control character, and a docstring holds no three quotes in a row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 120


@dataclass(frozen=True)
class Code:
    """A name that stands in a literal as it is, without quotes."""

    name: str


def quote(text: str) -> str:
    """A string literal in printable ASCII, in the quotes that need fewer escapes, double ones where both do."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + "".join(_escape(c, mark) for c in text) + mark


def _escape(c: str, mark: str) -> str:
    if c in ("\\", mark):
        return "\\" + c
    if c.isascii() and c.isprintable():
        return c
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(c)
    return known.get(c) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def one_line(text: str, width: int = 1000) -> str:
    """User text for a comment or docstring: one line, printable, without three quotes, at most `width` characters."""
    words = " ".join(text.split())
    clean = "".join(c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else f"<{ord(c):x}>" for c in words)
    clean = clean.replace('"""', "'''").rstrip("\\ ")
    if clean.endswith('"'):
        clean += "."
    return clean if len(clean) <= width else clean[: max(width - 3, 0)].rstrip("\\ \"'") + "..."


def docstring(lines: list[str], indent: str = "", raw: bool = False) -> list[str]:
    """Lines of a docstring; the lines given are already clean (`one_line`)."""
    prefix = 'r"""' if raw else '"""'
    escaped = lines if raw else [line.replace("\\", "\\\\") for line in lines]
    if len(escaped) == 1:
        return [f'{indent}{prefix}{escaped[0]}"""']
    return [f"{indent}{prefix}{escaped[0]}", *(f"{indent}{line}".rstrip() for line in escaped[1:]), f'{indent}"""']


def literal(value: Any, indent: int = 0, taken: int = 0) -> str:
    """Plain data as source: on one line where it fits, else one item a line. taken: characters in front of it on its line."""
    short = _short(value)
    if indent + taken + len(short) + 1 <= WIDTH or not isinstance(value, (tuple, list, Mapping)) or not value:
        return short
    inner = " " * (indent + 4)
    if isinstance(value, Mapping):
        items = [f"{_short(k)}: {literal(v, indent + 4, len(_short(k)) + 2)}" for k, v in value.items()]
        opening, closing = "{", "}"
    else:
        items = [literal(v, indent + 4) for v in value]
        opening, closing = ("(", ")") if isinstance(value, tuple) else ("[", "]")
    return opening + "\n" + "".join(f"{inner}{item},\n" for item in items) + " " * indent + closing


def _short(value: Any) -> str:
    match value:
        case Code(name):
            return name
        case str():
            return quote(value)
        case tuple():
            return "(" + ", ".join(map(_short, value)) + ("," if len(value) == 1 else "") + ")"
        case list():
            return "[" + ", ".join(map(_short, value)) + "]"
        case Mapping():
            return "{" + ", ".join(f"{_short(k)}: {_short(v)}" for k, v in value.items()) + "}"
        case bool() | int() | float() | None:
            return repr(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def block(head: str, value: Any) -> str:
    """`HEAD = value` as an assignment."""
    return f"{head} = {literal(value, 0, len(head) + 3)}"


def text_literal(head: str, text: str) -> str:
    """`HEAD = (...)`: a text, one literal a line."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= 1 or len(head) + 3 + len(quote(text)) <= WIDTH:
        return f"{head} = {quote(text)}"
    return "\n".join([f"{head} = (", *(f"    {quote(line)}" for line in lines), ")"])
