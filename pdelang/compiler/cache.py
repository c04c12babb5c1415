"""Emitted text, kept in the user's cache folder by content: the second run of a program needs no SymPy.

One JSON file an entry, written atomically; an entry that cannot be read or whose digest is wrong counts as missing. The key holds the
program, the version and the compiler's own files, so that an entry never outlives what made it. It only saves time: the text is the
same byte for byte with it and without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from pdelang import __version__
from pdelang.compiler.stages import Analysis
from pdelang.language.diagnostics import Diagnostic, Label
from pdelang.language.problem import Problem
from pdelang.language.source import Span

ENTRIES = 256
SIZE = 8 << 20
"""Largest entry in bytes; a larger text is compiled each time."""

Entry = tuple[str, Analysis, tuple[Diagnostic, ...]]


def folder() -> Path:
    return Path(platformdirs.user_cache_dir("pdelang", appauthor=False)) / "modules"


def content_key(problem: Problem) -> str:
    """Hash of the program's text, its name, and the version: what the emitted text is a function of."""
    name = Path(problem.source.name).name
    return hashlib.sha256("\0".join([__version__, problem.name, name, problem.source.text]).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _compiler() -> str:
    """Hash of the source files of front end and compiler: an edited compiler finds no old entries."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *(root.parent / "language").rglob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _path(key: str) -> Path:
    return folder() / (hashlib.sha256(f"{key} {_compiler()}".encode()).hexdigest()[:40] + ".json")


def _trusted(directory: Path) -> bool:
    """Entries are run as code: a folder that somebody else owns or may write to is not used."""
    if not hasattr(os, "getuid"):
        return True
    state = directory.stat()
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def read(key: str) -> Entry | None:
    """The entry of a key, None if there is none or it is damaged."""
    try:
        if not _trusted(folder()):
            return None
        entry = json.loads(_path(key).read_text("utf-8"))
        body = entry["body"]
        if entry["digest"] != hashlib.sha256(body.encode()).hexdigest():
            return None
        content = json.loads(body)
        return content["source"], _analysis(content["analysis"]), tuple(map(_diagnostic, content["warnings"]))
    except (OSError, ValueError, KeyError, TypeError):  # missing, cut short, another program's: compile again
        return None


def write(key: str, entry: Entry) -> None:
    """Keep an entry. A folder that cannot be written is no reason to fail."""
    source, analysis, warnings = entry
    body = json.dumps({"source": source, "analysis": asdict(analysis), "warnings": [asdict(w) for w in warnings]})
    if len(body) > SIZE:
        return
    directory = folder()
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _trusted(directory):
            return
        handle, name = tempfile.mkstemp(dir=directory, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"digest": hashlib.sha256(body.encode()).hexdigest(), "body": body}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, _path(key))
        except BaseException:
            os.unlink(name)
            raise
        _trim(directory)
    except OSError:
        return


def _trim(directory: Path) -> None:
    """Drop the oldest entries beyond ENTRIES, and what a killed process left behind."""
    entries = sorted(directory.glob("*.json"), key=lambda p: p.stat().st_mtime)
    stale = [p for p in directory.glob("*.tmp") if p.stat().st_mtime < entries[-1].stat().st_mtime - 3600] if entries else []
    for path in [*entries[: max(0, len(entries) - ENTRIES)], *stale]:
        path.unlink(missing_ok=True)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _analysis(fields: dict[str, Any]) -> Analysis:
    return Analysis(**{name: _tuples(value) for name, value in fields.items()})


def _span(fields: dict[str, int] | None) -> Span | None:
    return None if fields is None else Span(**fields)


def _diagnostic(fields: dict[str, Any]) -> Diagnostic:
    labels = tuple(Label(Span(**label["span"]), label["text"]) for label in fields["labels"])
    return Diagnostic(**{**fields, "span": _span(fields["span"]), "labels": labels})
