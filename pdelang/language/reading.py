"""From a file to a `Source`: size and encoding are checked here, once."""

from __future__ import annotations

from pathlib import Path

from pdelang.language.diagnostics import Diagnostic, ProblemError
from pdelang.language.limits import FILE_BYTES
from pdelang.language.source import Source, Span


def read_source(path: str | Path) -> Source:
    """The text of a `.pde` file, UTF-8 with or without a byte order mark, line ends as they are.

    Raises ProblemError (E113: not UTF-8; E901: over 1 MiB) and OSError, a sentence each. No more than the limit is ever read.
    """
    _check_there(Path(path))
    with Path(path).open("rb") as file:  # `open` would take a number for a file descriptor, and close it
        data = file.read(FILE_BYTES + 1)
    return decoded(data, str(path))


def decoded(data: bytes, name: str) -> Source:
    """The text in the bytes of a program. Raises ProblemError, E113 or E901."""
    if len(data) > FILE_BYTES:
        raise ProblemError(Source("", name), (too_large(),))
    try:
        return Source(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        source = Source(good + "\N{REPLACEMENT CHARACTER}", name)
        byte = data[error.start]
        raise ProblemError(source, (_not_utf8(len(good), byte),)) from None


def _check_there(path: Path) -> None:
    """FileNotFoundError with the file that was probably meant; IsADirectoryError."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a program")
    if not path.exists():
        meant = path.with_name(f"{path.name}.pde") if path.name else path
        raise FileNotFoundError(f"no such file: {path}" + (f"; did you mean {meant}?" if meant.is_file() else ""))


def too_large() -> Diagnostic:
    return Diagnostic(
        "E901",
        f"the program is larger than {FILE_BYTES >> 20} MiB",
        None,
        help='measurements belong in a file of their own: data u from "obs.csv"',
    )


def _not_utf8(offset: int, byte: int) -> Diagnostic:
    return Diagnostic(
        "E113",
        "the file is not UTF-8 text",
        Span(offset, offset + 1),
        f"the byte 0x{byte:02X} cannot stand here",
        "save the file in the encoding UTF-8",
    )
