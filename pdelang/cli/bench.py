"""`pdelang bench NAME`: the project's own measurements, in a checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import pdelang
from pdelang.cli.errors import CommandError, guarded


@guarded
def bench(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A table to measure and print. Without it: the list of names.")] = None,
) -> int:
    """Run one of the project's benchmarks and print its table (in a checkout of the repository).

    What follows the name is the benchmark's own: `pdelang bench figure2 --quick`."""
    folder = Path(pdelang.__file__).resolve().parent.parent / "benchmarks"
    scripts = {p.stem: p for p in sorted(folder.glob("*.py")) if not p.stem.startswith("_")}
    if not scripts:
        raise CommandError("the benchmarks come with the repository: run this in a checkout installed by `pip install -e .`")
    if name is None:
        print("\n".join(scripts))
        return 0
    if name not in scripts:
        raise CommandError(f"no benchmark {name!r}: there are {', '.join(scripts)}")
    return subprocess.run([sys.executable, str(scripts[name]), *context.args], check=False).returncode
