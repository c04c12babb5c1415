"""The words of the language: what begins a statement, what stands inside one, and what people write instead."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = {
    "problem": 'problem heat "A title"',
    "time": "time tau in [0, 1]",
    "field": "field U[2], p",
    "param": "param nu in [0.01, 0.1] log = 0.02",
    "unknown": "unknown k in [0, 1] = 0.5",
    "let": "let f(x) = sin(pi*x)",
    "on": "on boundary: u = 0",
    "region": "region hole = disk((0, 0), 0.2)",
    "exact": "exact u = sin(x - t)",
    "data": 'data u from "obs.csv" weight 10',
    "option": "option tolerance = 1e-8",
}
"""Each word that begins a statement, with an example of the statement."""

CLAUSES: Final = ("in", "periodic", "log", "normal", "from", "weight", "where", "and", "or", "not", "sum")
"""Words inside statements; the grammar's terminal is the word in capitals."""

RESERVED: Final = frozenset(STATEMENTS) | {"in", "where", "and", "or", "not", "sum", "if"}
"""Words that can never be names. The others of `CLAUSES` are words only where the grammar asks for them."""

SYNONYMS: Final = {
    "parameter": "param",
    "parameters": "param",
    "params": "param",
    "const": "param",
    "constant": "param",
    "var": "field",
    "variable": "field",
    "function": "let",
    "def": "let",
    "define": "let",
    "domain": "region",
    "solution": "exact",
    "options": "option",
    "set": "option",
    "fields": "field",
    "title": "problem",
    "name": "problem",
}
