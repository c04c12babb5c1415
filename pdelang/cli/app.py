"""The table of subcommands. Each is one module with one function; a module loads what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from pdelang import __version__
from pdelang.cli import bench, check, compile, explain, fmt, new, plot, query, solve, sweep, train

USAGE_FAULT: type[Exception] = typer.BadParameter.__mro__[2]
"""What typer raises for a wrong option or argument; the class is click's in some versions and typer's own in others."""

app = typer.Typer(
    name="pdelang",
    help="Write the equation, get a fused JAX solver and a solution.",
    epilog="Exit codes: 0 done, 1 the program is wrong, 2 the command line is wrong, 3 the tolerance was not reached, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"pdelang {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")] = False,
) -> None:
    pass


COMMANDS: dict[str, Callable[..., int]] = {
    "check": check.check,
    "compile": compile.compile,
    "solve": solve.solve,
    "train": train.train,
    "query": query.query,
    "sweep": sweep.sweep,
    "plot": plot.plot,
    "bench": bench.bench,
    "fmt": fmt.fmt,
    "new": new.new,
    "explain": explain.explain,
}

PASSED_ON: dict[str, dict[str, bool]] = {"bench": {"allow_extra_args": True, "ignore_unknown_options": True}}
"""Subcommands that hand on options which they do not know."""

for name, command in COMMANDS.items():
    app.command(name, context_settings=PASSED_ON.get(name))(command)
