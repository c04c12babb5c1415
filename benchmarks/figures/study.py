"""A study: runs whose rows are appended to a CSV file as they finish, so that it can be stopped and taken up again at any moment."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .cases import ROOT

Key = tuple[str, ...]
Row = dict[str, Any]


def arguments(description: str, seeds: int, quick_seeds: int, steps: int) -> argparse.Namespace:
    """--quick, --seeds, --steps, --only, --out; and one core from here on."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a few minutes: fewer runs and shorter ones, into a file of its own")
    parser.add_argument("--seeds", type=int, help=f"runs each ({seeds}, quick {quick_seeds})")
    parser.add_argument("--steps", type=int, default=steps, help=f"steps of a full run ({steps})")
    parser.add_argument(
        "--only", default="", metavar="NAME", help="runs of contenders or problems with this name alone; the figure shows all"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "figures", help="where the CSV, PNG and Markdown files go")
    given = parser.parse_args()
    given.seeds = given.seeds or (quick_seeds if given.quick else seeds)
    given.out.mkdir(parents=True, exist_ok=True)
    one_core()
    return given


def one_core() -> None:
    """All figures are processor time of one core: comparable on a machine that others use too. Before JAX makes its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Study:
    """keys: the columns that name a run; columns: all others. A run's rows are written at once, a torn last line is dropped."""

    def __init__(self, path: Path, keys: Sequence[str], columns: Sequence[str]):
        self.path, self.keys, self.columns = path, tuple(keys), (*keys, *columns)
        self.rows: list[Row] = self._read()

    def _read(self) -> list[Row]:
        if not self.path.exists():
            return []
        text = self.path.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self.path.write_text(whole)
        return list(csv.DictReader(whole.splitlines()))

    def key(self, row: Row) -> Key:
        return tuple(str(row[k]) for k in self.keys)

    def run(self, wanted: Iterable[tuple[Any, ...]], measure: Callable[..., Iterable[Row]]) -> None:
        """measure(*key) for every key that is not in the file yet."""
        done = {self.key(row) for row in self.rows}
        for key in wanted:
            if tuple(map(str, key)) not in done:
                print(f"  {' '.join(map(str, key))}", file=sys.stderr, flush=True)
                self._append([dict(zip(self.keys, key)) | row for row in measure(*key)])

    def _append(self, rows: list[Row]) -> None:
        new = not self.path.exists()
        text = [",".join(self.columns)] if new else []
        text += [",".join(_cell(row[c]) for c in self.columns) for row in rows]
        with self.path.open("a") as file:
            file.write("\n".join(text) + "\n")
        self.rows += [{c: _cell(row[c]) for c in self.columns} for row in rows]

    def of(self, **chosen: Any) -> list[Row]:
        return [row for row in self.rows if all(row[k] == str(v) for k, v in chosen.items())]


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def finish(given: argparse.Namespace, name: str, text: str, figure: Any) -> None:
    """The Markdown table on the screen and in its file, the picture in its own."""
    stem = given.out / (name + ("_quick" if given.quick else ""))
    stem.with_suffix(".md").write_text(text)
    figure.savefig(stem.with_suffix(".png"), dpi=200)
    print(text)
    print(f"{stem}.md, .png")


def path_of(given: argparse.Namespace, name: str) -> Path:
    found: Path = given.out / (name + ("_quick" if given.quick else "") + ".csv")
    return found
