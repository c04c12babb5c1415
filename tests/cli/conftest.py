"""The command line inside the test's process: fast, and every byte of both streams is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pdelang.cli.main import run

HEAT = """problem heat "Heat in a bar"
x in [0, 1]
t in [0, 0.1]
param k in [0.5, 2] = 1
u_t = k*u_xx
u(x, 0) = sin(pi*x)
u(0, t) = 0
u(1, t) = 0
exact u = exp(-k*pi^2*t)*sin(pi*x)
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on standard output; fails if there is anything else, or anything on standard error."""
        assert self.err == ""
        assert self.out.endswith("\n")
        return json.loads(self.out, parse_constant=pytest.fail)

    @property
    def error(self) -> str:
        """The one line of a wrong command; fails if there is more."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        return self.err.removeprefix("error: ").rstrip("\n")


Cli = Callable[..., Ran]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs `pdelang ARGUMENTS` in an empty folder, which also is `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return ran


@pytest.fixture
def heat(tmp_path: Path) -> str:
    (tmp_path / "heat.pde").write_text(HEAT)
    return "heat.pde"
