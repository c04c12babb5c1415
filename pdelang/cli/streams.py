"""The three standard streams, whatever the shell has made of them: closed, full, or unable to show a letter."""

from __future__ import annotations

import os
import sys

from pdelang.language.reading import decoded
from pdelang.language.source import Source

STANDARD_INPUT = "<stdin>"


def settle() -> None:
    """A stream that is closed (`>&-`) becomes one that nobody reads; a letter that a terminal lacks is escaped, not an error.

    In their order, so that they take the numbers 0, 1 and 2 again: else the next file to be opened would be 1, and what a library
    prints would be written into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def piped() -> Source:
    """The program on standard input: UTF-8, whatever the locale."""
    stream = getattr(sys.stdin, "buffer", None)
    return decoded(stream.read(), STANDARD_INPUT) if stream is not None else Source(sys.stdin.read(), STANDARD_INPUT)


def put(text: str) -> None:
    """What another program may read, on standard output: UTF-8 with line ends as they are, whatever the locale, unless people read it."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None or sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    sys.stdout.flush()
    stream.write(text.encode("utf-8"))
    stream.flush()
