"""E1xx: the text is not a program."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = ()
