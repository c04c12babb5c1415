"""`pdelang new NAME`: a commented program to start from."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, CommandError, guarded

TEMPLATES = ("burgers", "poisson", "wave", "system")


@guarded
def new(
    name: Annotated[str, typer.Argument(help="The file to write is NAME.pde.")],
    template: Annotated[str, typer.Option("--template", "-t", help=f"One of {', '.join(TEMPLATES)}.")] = TEMPLATES[0],
) -> int:
    """Write a commented program to start from; an existing file is never overwritten."""
    from pdelang.files import write_text

    if template not in TEMPLATES:
        raise CommandError(f"no template {template!r}: there are {', '.join(TEMPLATES)}")
    path = Path(name if name.endswith(".pde") else f"{name}.pde")
    identifier = re.sub(r"\W", "_", path.stem, flags=re.ASCII)
    if not path.stem or not re.match(r"[A-Za-z]", identifier):
        raise CommandError(f"{name!r} is not a name for a program: start with a letter")
    if path.exists():
        raise CommandError(f"{path} exists already; choose another name, or remove it")
    text = files("pdelang.cli").joinpath("templates", f"{template}.pde").read_text(encoding="utf-8")
    write_text(path, text.replace(f"problem {template} ", f"problem {identifier} ", 1))
    print(f"wrote {path}; next: pdelang solve {shlex.quote(str(path))} --plot {shlex.quote(path.with_suffix('.png').name)}")
    return DONE
