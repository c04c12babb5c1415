"""E6xx: parsed and checked, but not compiled yet."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = ()
