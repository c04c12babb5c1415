"""`-p NAME=VALUE` and `-O NAME=VALUE`: text to values. What the names mean is decided elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from pdelang.cli.errors import CommandError

V = TypeVar("V")

_QUOTIENT = re.compile(r"^\s*([^*/]+?)\s*(?:([*/])\s*([^*/]+?)\s*)?$")
_EXAMPLES = {"-p": "nu=0.01", "-O": "kernels=400"}
_CONSTANTS = {"pi": math.pi, "-pi": -math.pi}


def assignments(texts: Iterable[str], option: str, value: Callable[[str], V]) -> dict[str, V]:
    """CommandError: no `=`, no name, a name given twice, a value that `value` refuses with ValueError."""
    found: dict[str, V] = {}
    for text in texts:
        name, equal, right = (part.strip() for part in text.partition("="))
        if not equal or not name or not right:
            raise CommandError(f"{option} {text!r}: write {option} NAME=VALUE, for instance {option} {_EXAMPLES.get(option, 'nu=0.01')}")
        if name in found:
            raise CommandError(f"{option} {name}: given twice")
        try:
            found[name] = value(right)
        except ValueError as fault:
            raise CommandError(f"{option} {text!r}: {fault}") from fault
    return found


def numbers(text: str) -> float | list[float]:
    """`0.01`, `0.01/pi`, `2*pi`; `0.1,0.2,0.3` for a vector."""
    parts = [_number(part) for part in text.strip("()[]").split(",")]
    return parts[0] if len(parts) == 1 else parts


def word_or_number(text: str) -> str | float | None:
    """`none` stands for the solver's own choice."""
    if text.lower() == "none":
        return None
    try:
        return _number(text)
    except ValueError:
        return text


def _number(text: str) -> float:
    match = _QUOTIENT.match(text)
    if match is None:
        raise ValueError(f"{text.strip()!r} is not a number")
    left, operator, right = match.groups()
    first = _atom(left)
    if operator is None:
        return first
    second = _atom(right)
    if operator == "/" and second == 0:
        raise ValueError(f"{text.strip()!r} divides by zero")
    return first * second if operator == "*" else first / second


def _atom(text: str) -> float:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is not a number") from None
