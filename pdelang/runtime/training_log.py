"""The log of a training: one CSV file, a row a unit of work, for any reader of tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from pdelang.files import check_writable


@dataclass
class Log:
    """The columns are those of the first row. keep: rows of an earlier run that the checkpoint knows of; later ones are cut off."""

    path: Path | None
    keep: int = 0
    columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path is None:
            return
        check_writable(self.path)
        if not (self.keep and self.path.exists()):
            self.path.write_text("")
            return
        lines = self.path.read_text().splitlines(keepends=True)[: self.keep + 1]
        self.columns = next(csv.reader(lines[:1]), [])
        self.path.write_text("".join(lines))

    def add(self, figures: dict[str, float]) -> None:
        if self.path is None:
            return
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file)
            if not self.columns:
                self.columns = list(figures)
                writer.writerow(self.columns)
            writer.writerow([f"{figures[name]:.9g}" if name in figures else "" for name in self.columns])
