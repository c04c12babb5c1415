"""One command in several processes: the same answers as in one, one voice, and an end in words where a process is missing."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from pdelang.cli.main import run
from pdelang.runtime.family import Family
from tests.cli.conftest import Cli

GROWTH = """problem growth
x in [0, 1]
param c in [0.5, 2] = 1
u_x = c*u
u(0) = 1
"""
DECAY = """problem decay
x in [0, 1]
t in [0, 1]
param k in [0.5, 2] = 1
u_t = -k*u
u(x, 0) = 1 + x
"""
KERNELS = ["--generator", "plain", "-O", "kernels=8", "--steps", "4", "--json"]


class Crew:
    """Two processes of one command."""

    def __init__(self, *arguments: str, numbers: tuple[int, ...] = (0, 1)):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.place = f"127.0.0.1:{free.getsockname()[1]}"
        each = ["--coordinator", self.place, "--processes", "2", "--process-id"]
        command = [sys.executable, "-m", "pdelang", *arguments, *each]
        self.processes = [
            subprocess.Popen(
                [*command, str(n)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
            )
            for n in numbers
        ]

    def ended(self) -> list[tuple[int, str, str]]:
        """Exit code, standard output and standard error of each."""
        told = [p.communicate(timeout=300) for p in self.processes]
        return [(p.returncode, *text) for p, text in zip(self.processes, told)]


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--coordinator", "127.0.0.1:1234"], "belong together"),
        (["--processes", "2", "--process-id", "0"], "belong together"),
        (["--coordinator", "127.0.0.1", "--process-id", "0", "--processes", "2"], "a host and a port"),
        (["--coordinator", "127.0.0.1:70000", "--process-id", "0", "--processes", "2"], "a host and a port"),
        (["--coordinator", "127.0.0.1:1234", "--process-id", "2", "--processes", "2"], "the numbers 0 to 1"),
        (["--coordinator", "127.0.0.1:1234", "--process-id", "0", "--processes", "0"], "at least one"),
    ],
)
def test_wrong_flags_are_refused(cli: Cli, heat: str, flags: list[str], fault: str) -> None:
    assert fault in cli("train", heat, "-o", "a.family", *flags).error
    assert fault in cli("sweep", heat, "-o", "a.nc", "-p", "k=0.5:2:3", *flags).error


def test_one_of_one_process_works_alone(cli: Cli, heat: str) -> None:
    flags = ["--coordinator", "127.0.0.1:1234", "--process-id", "0", "--processes", "1"]
    assert cli("sweep", heat, "-o", "a.nc", "-p", "k=0.5:2:2", "--grid", "8x3", "--tol", "1e-3", "-q", *flags).code == 0


@pytest.mark.parametrize("batch", [3, 1])
def test_two_processes_have_the_losses_of_one(tmp_path: Path, capsys: pytest.CaptureFixture[str], batch: int) -> None:
    """Three conditions a step on two devices: one of them works on a copy, too. One condition: half of its points each."""
    settings = [*KERNELS, "-O", f"batch={batch}"]
    program, log, logs = tmp_path / "a.pde", tmp_path / "one.csv", tmp_path / "two.csv"
    program.write_text(GROWTH)
    crew = Crew("train", str(program), "-o", str(tmp_path / "two.family"), "--log", str(logs), *settings)
    assert run(["train", str(program), "-o", str(tmp_path / "one.family"), "--log", str(log), *settings]) == 0
    one = json.loads(capsys.readouterr().out)
    (code, out, err), other = crew.ended()
    assert (code, err) == (0, "")
    assert other == (0, "", "")
    two = json.loads(out)
    for name in ("loss", "residual", "residual_worst", "nearest"):
        assert two["figures"][name] == pytest.approx(one["figures"][name], rel=1e-9)
    assert len(list(csv.DictReader(logs.read_text().splitlines()))) == 1
    solutions = [Family.load(tmp_path / f"{name}.family").query(c=1.3, fallback=False)(x=0.7) for name in ("one", "two")]
    assert solutions[1] == pytest.approx(solutions[0], rel=1e-6)


def test_two_processes_learn_the_same_sparse_grid_and_go_on_with_it(tmp_path: Path) -> None:
    program, one, two = tmp_path / "decay.pde", tmp_path / "one.family", tmp_path / "two.family"
    program.write_text(DECAY)
    options = ["--generator", "spectral", "--tol", "1e-9", "-q", "--steps"]
    first = Crew("train", str(program), "-o", str(two), *options, "1")
    assert run(["train", str(program), "-o", str(one), *options, "3"]) == 0
    assert [code for code, *_ in first.ended()] == [0, 0]
    assert [code for code, *_ in Crew("train", str(program), "-o", str(two), *options, "3", "--resume").ended()] == [0, 0]
    mine, theirs = Family.load(one).model.arrays(), Family.load(two).model.arrays()
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(a, theirs[name]) for name, a in mine.items())


def test_a_sweep_by_two_processes_has_the_same_bits(tmp_path: Path, cli: Cli, heat: str) -> None:
    swept = [heat, "-p", "k=0.5:2:6", "--grid", "16x5", "--tol", "1e-4", "-j", "2", "--json", "-o"]
    crew = Crew("sweep", *swept, "two.nc")
    assert cli("sweep", *swept, "one.nc").code == 0
    (code, out, err), other = crew.ended()
    assert (code, err) == (0, "")
    assert other == (0, "", "")
    assert json.loads(out)["instances"] == 6
    one, two = (xarray.load_dataset(tmp_path / f"{name}.nc") for name in ("one", "two"))
    assert all(np.array_equal(one[name], two[name]) for name in ("u", "residual", "error_estimate", "status"))


def test_who_waits_in_vain_says_so(tmp_path: Path) -> None:
    program = tmp_path / "decay.pde"
    program.write_text(DECAY)
    began = time.monotonic()
    ended = Crew("train", str(program), "-o", str(tmp_path / "a.family"), "--wait", "1", "--json", numbers=(1,)).ended()
    assert time.monotonic() - began < 100
    code, out, err = ended[0]
    assert (code, err) == (2, "")
    assert "2 processes did not meet" in json.loads(out)["diagnostics"][0]["message"]


def test_a_process_that_dies_ends_the_others_in_words(tmp_path: Path) -> None:
    program, family = tmp_path / "decay.pde", tmp_path / "a.family"
    program.write_text(DECAY)
    crew = Crew("train", str(program), "-o", str(family), "--generator", "spectral", "-q", numbers=(0,))
    dying = f"import os; from pdelang.runtime import mesh; mesh.join({crew.place!r}, 1, 2, 60); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", dying], capture_output=True, timeout=120).returncode == 9
    ((code, out, err),) = crew.ended()
    assert (code, out) == (3, "")
    assert "another process has ended" in err
    assert not family.exists()
