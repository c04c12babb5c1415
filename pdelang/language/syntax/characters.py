"""Characters that are not part of the language, and what to write instead of them."""

from __future__ import annotations

import re
import unicodedata

from pdelang.language.diagnostics import Diagnostic
from pdelang.language.source import Span

_INSTEAD = {
    "²": "write `^2`",
    "³": "write `^3`",
    "·": "write `*`",
    "⋅": "write `*`",
    "×": "write `*`",
    "÷": "write `/`",
    "−": "write the minus of the keyboard, `-`",
    "–": "write the minus of the keyboard, `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "≈": "write `=`",
    "∈": "write `in`",
    "∂": "write a derivative as `u_x` or `d(u, x)`",
    "∇": "write `grad(u)`, `div(u)` or `curl(u)`",
    "∆": "write `laplacian(u)`",
    "√": "write `sqrt(x)`",
    "∞": "an interval is finite",
    "∫": "write `integral(u)`",
    "∑": "write `sum(k in 1..4: ...)`",
    "“": 'write the straight quote `"`',
    "”": 'write the straight quote `"`',
    "'": 'quotes are `"`; a derivative is `u_x` or `d(u, x)`',
    "’": "a derivative is `u_x` or `d(u, x)`",
    "{": "write `(`",
    "}": "write `)`",
    "!": "write `not`, or `!=`",
    "%": "there is no remainder; comments begin with `#`",
    "\\": "there are no commands; a line goes on by itself after an operator or inside brackets",
    ".": "a number begins with a digit; a range is `1..4`",
    "_": "a name begins with a letter",
    "@": "a place is written `u(x, 0)` or `on x = 0: ...`",
}


def unexpected_character(c: str, offset: int) -> Diagnostic:
    span = Span(offset, offset + 1)
    if unicodedata.category(c) == "Zs":
        return Diagnostic("E107", f"unexpected character U+{ord(c):04X}", span, "a blank of another kind", "write a plain blank")
    if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return Diagnostic("E107", f"unexpected character U+{ord(c):04X}", span, "invisible, and not part of the language", "delete it")
    plain = unicodedata.normalize("NFKC", c)
    if c in _INSTEAD:
        help = _INSTEAD[c]
    elif plain != c and re.fullmatch(r"[A-Za-zΑ-Ωα-ω0-9+\-*/()=<>]+", plain):
        help = f"write `{plain}`"
    else:
        help = "names are made of letters (a to z, Greek), digits and `_`"
    return Diagnostic("E107", f"unexpected character `{c}`", span, "not part of the language", help)
