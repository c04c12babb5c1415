"""`pdelang`: from the shell's arguments to an exit code. Nothing here may be slow or may leak a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code."""
    try:
        code = run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:  # before or after any subcommand: while modules are loaded, say
        code = 130
    sys.exit(code)


def run(arguments: list[str]) -> int:
    from pdelang.cli.app import USAGE_FAULT, app
    from pdelang.cli.errors import wrong_command
    from pdelang.cli.streams import settle

    settle()
    try:
        return int(app(args=arguments, prog_name="pdelang", standalone_mode=False) or 0)
    except USAGE_FAULT as raised:
        fault: Any = raised
        if type(fault).__name__ == "NoArgsIsHelpError":
            print(fault.format_message(), file=sys.stderr)
            return fault.exit_code
        context = getattr(fault, "ctx", None)
        hint = f"; see `{context.command_path} --help`" if context else ""
        return wrong_command(fault.format_message().rstrip(".") + hint, "--json" in arguments)
