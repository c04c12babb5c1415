"""E4xx: the exact solution is not a solution."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = ()
