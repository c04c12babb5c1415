"""From exceptions to exit codes: the one place that decides what a user sees when something is wrong.

0 done; 1 the program (the .pde text) is wrong; 2 the command line is wrong; 3 the tolerance was not reached; 130 interrupted.
With --json everything becomes one object on standard output: {"status": "error", "diagnostics": [...]}, each diagnostic with the keys
code (null where the command line is at fault), severity, message, note, help, file, place, labels.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable
from typing import Any, ParamSpec

from pdelang.cli.streams import put
from pdelang.language.diagnostics import ProblemError, to_json

DONE, WRONG_PROGRAM, WRONG_COMMAND, NOT_CONVERGED, INTERRUPTED = 0, 1, 2, 3, 130

P = ParamSpec("P")


class CommandError(Exception):
    """The command line is wrong; the message is one or two sentences."""


def guarded(command: Callable[P, int]) -> Callable[P, int]:
    """The same subcommand; a fault that a user can make ends it with its message and exit code, never with a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            return interrupted(as_json)
        except ProblemError as fault:
            report_problem(fault, as_json)
            return WRONG_PROGRAM
        except BrokenPipeError:
            raise  # the reader went away: typer ends quietly
        except _command_faults() as fault:
            return wrong_command(sentence(fault), as_json)

    return run


def report_problem(fault: ProblemError, as_json: bool) -> None:
    if as_json:
        print_json({"status": "error", "diagnostics": [to_json(fault.source, d) for d in fault.diagnostics]})
        return
    print_diagnostics(fault)


def print_diagnostics(fault: ProblemError) -> None:
    from pdelang.cli.consoles import errors
    from pdelang.language.colours import coloured

    console = errors()
    for diagnostic in fault.diagnostics:
        console.print(coloured(fault.source, diagnostic), soft_wrap=True)
        console.print()
    count = sum(d.severity == "error" for d in fault.diagnostics)
    console.print(f"{fault.source.name}: {count} error{'s' if count != 1 else ''}", soft_wrap=True)


def wrong_command(message: str, as_json: bool) -> int:
    """Says it and returns the exit code."""
    with contextlib.suppress(OSError):  # it may be about the very stream that it is written to
        if as_json:
            print_json({"status": "error", "diagnostics": [without_place(message)]})
        else:
            from pdelang.cli.consoles import errors

            errors().print("[bold red]error:[/]", _plain(message), soft_wrap=True)
    return WRONG_COMMAND


def without_place(message: str, file: str | None = None) -> dict[str, Any]:
    """The fault of a command line with the keys of a diagnostic."""
    nothing: dict[str, Any] = {"note": "", "help": "", "file": file, "place": None, "labels": []}
    return {"code": None, "severity": "error", "message": message, **nothing}


def interrupted(as_json: bool) -> int:
    if as_json:
        print_json({"status": "interrupted", "diagnostics": []})
    else:
        print("interrupted", file=sys.stderr)
    return INTERRUPTED


def print_json(data: dict[str, Any]) -> None:
    put(json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n")


def _command_faults() -> tuple[type[BaseException], ...]:
    """Evaluated only when something was raised: the import costs NumPy."""
    from pdelang.compiler.parameters import UsageError

    return CommandError, UsageError, OSError


def sentence(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename or 'cannot write the output'}: {fault.strerror[0].lower()}{fault.strerror[1:]}"
    return str(fault)


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)
