"""E3xx: the problem is not well stated."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = ()
