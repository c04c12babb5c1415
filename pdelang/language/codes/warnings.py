"""W3xx: warnings."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = ()
