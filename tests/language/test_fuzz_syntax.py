"""Whatever the text: a program and diagnostics, never an exception, never more than a second. Seeded, so that a failure repeats."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdelang.language import limits
from pdelang.language.codes import CODES
from pdelang.language.diagnostics import render, to_json
from pdelang.language.formatter import format_source
from pdelang.language.parser import parse_program
from pdelang.language.source import Source
from pdelang.language.words import CLAUSES, STATEMENTS

EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "examples").glob("*.pde"))}
SIGNS = [
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "<",
    "<=",
    "==",
    "!=",
    "=",
    ",",
    ":",
    ";",
    "..",
    "~",
    "|",
    "&",
    "(",
    ")",
    "[",
    "]",
    "\n",
    "#",
    '"',
    '"s"',
]
TOKENS = [
    *STATEMENTS,
    *CLAUSES,
    *SIGNS,
    "u",
    "u_xx",
    "x",
    "t",
    "nu",
    "λ",
    "sin",
    "if",
    "1",
    "2.5",
    ".5",
    "1e-3",
    "1e999",
    "²",
    "∂",
    "_",
    "\x00",
    "\t",
    "$",
]

fuzz = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def answered(text: str) -> int:
    """Number of diagnostics; checks everything that holds for every text."""
    source = Source(text, "fuzz.pde")
    start = time.process_time()
    program, faults = parse_program(source)
    assert time.process_time() - start < 1.0
    assert len(faults) <= limits.ERRORS + 1
    for fault in faults:
        assert fault.code in CODES
        assert fault.message
        if fault.span is not None:
            assert 0 <= fault.span.start < fault.span.end <= len(text) + 1
        assert all(c == "\n" or c.isprintable() for c in render(source, fault))
        to_json(source, fault)
    ends = [statement.span for statement in program.statements]
    assert all(0 <= span.start < span.end <= len(text) for span in ends)
    assert all(a.end <= b.start for a, b in pairwise(ends))
    if not faults:
        assert parse_program(Source(format_source(source)))[0] == program
    return len(faults)


@settings(fuzz, max_examples=600)
@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    answered(data.decode("utf-8", "replace"))
    answered(data.decode("latin-1"))


@settings(fuzz, max_examples=300)
@given(st.text(max_size=200))
def test_random_text(text: str) -> None:
    answered(text)


@settings(fuzz, max_examples=1000)
@given(st.lists(st.sampled_from(TOKENS), max_size=30), st.sampled_from(["", " "]))
def test_random_tokens(tokens: list[str], glue: str) -> None:
    answered(glue.join(tokens))


_TOKEN = re.compile(r"\s+|#[^\n]*|\"[^\"\n]*\"|[\w.]+|\*\*|[<>=!]=|.", re.DOTALL)


@settings(fuzz, max_examples=1000)
@given(
    st.sampled_from(sorted(EXAMPLES)),
    st.integers(0, 10_000),
    st.sampled_from(["drop", "double", "swap", "put", "insert"]),
    st.sampled_from(TOKENS),
)
def test_one_token_of_an_example_changed(name: str, position: int, change: str, token: str) -> None:
    """One slip is one or two faults, not an avalanche."""
    tokens = _TOKEN.findall(EXAMPLES[name])
    at = position % (len(tokens) - 1)
    here, after = tokens[at : at + 2]
    tokens[at : at + 2] = {
        "drop": [after],
        "double": [here, here, after],
        "swap": [after, here],
        "put": [token, after],
        "insert": [here, token, after],
    }[change]
    assert answered("".join(tokens)) <= 3


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_prefix_of_an_example(name: str) -> None:
    text = EXAMPLES[name]
    for end in range(0, len(text), 7):
        assert answered(text[:end]) <= 1
