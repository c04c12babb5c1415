"""`pdelang explain [CODE]`: the page of a diagnostic's code."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, CommandError, guarded


@guarded
def explain(
    code: Annotated[str | None, typer.Argument(help="E203, say; upper or lower case. Without it: the list of all codes.")] = None,
) -> int:
    """Explain a diagnostic's code, with a program that earns it and the same program put right."""
    from pdelang.language.codes import CODES, page

    if code is None:
        print("\n".join(f"{row.code}  {row.title}" for row in sorted(CODES.values(), key=lambda row: row.code)))
        return DONE
    wanted = code.strip().upper().removesuffix("]").rpartition("[")[2]
    if wanted not in CODES:
        near = get_close_matches(wanted, CODES, n=6, cutoff=0.5)
        if not near:
            raise CommandError(f"no code {code!r}; `pdelang explain` lists all")
        raise CommandError(f"no code {code!r}; there are " + ", ".join(f"{c} ({CODES[c].title})" for c in sorted(near)))
    print(page(CODES[wanted]))
    return DONE
