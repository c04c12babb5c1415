"""Bounds on what a program may ask for: beyond them it is refused at once, in bounded time and memory (E9xx).

Physically meaningful programs stay far below. The bound on depth also keeps every recursive walk of a syntax tree
within Python's default stack: 200 levels at four frames a level is under 1000.
"""

from __future__ import annotations

from typing import Final

FILE_BYTES: Final = 1 << 20
TOKENS: Final = 20_000
STATEMENTS: Final = 1_000
ERRORS: Final = 100
NESTING: Final = 200
NAME_LENGTH: Final = 100

# A literal must be a double: neither digits nor exponent may make exact arithmetic on it slow.
NUMBER_DIGITS: Final = 100
NUMBER_EXPONENT: Final = 300

CONSTANT_EXPONENT: Final = 1_000
SUM_TERMS: Final = 1_000
COORDINATES: Final = 4
FIELDS: Final = 16
DERIVATIVE_ORDER: Final = 8

# Meaning: definitions and sums multiply, so what a program unfolds to is bounded too. Depth keeps later recursive passes safe.
PARAMETER_SIZE: Final = 100
EQUATION_NODES: Final = 20_000
EQUATION_DEPTH: Final = 100
PLACE_NODES: Final = 200
STEPS: Final = 80_000
