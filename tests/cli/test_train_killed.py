"""A training that is killed at any moment goes on to the same bits; a family is swept like a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from pdelang.cli.main import run
from pdelang.runtime.family import Family

PROGRAM = """
problem heat
x in [0, pi]
t in [0, 1]
param alpha in [0.1, 2] log = 0.5
param A in [0.5, 2] = 1
u_t = alpha*u_xx
u(x, 0) = A*sin(x) + sin(3*x)
u(0, t) = 0
u(pi, t) = 0
"""
OPTIONS = ["--generator", "spectral", "--tol", "1e-9", "--steps", "4", "-q"]
SCRIPT = """
import sys
from pdelang.cli.main import run
from pdelang.runtime import training
training.SECONDS_BETWEEN = 0.0
training.COSTS_BETWEEN = 0.0
sys.exit(run(sys.argv[1:]))
"""


def test_killed_and_taken_up_again_it_ends_in_the_same_bits(tmp_path: Path) -> None:
    program, whole, killed = tmp_path / "heat.pde", tmp_path / "whole.family", tmp_path / "killed.family"
    program.write_text(PROGRAM)
    assert run(["train", str(program), "-o", str(whole), *OPTIONS]) == 0
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, "train", str(program), "-o", str(killed), *OPTIONS])
    deadline = time.monotonic() + 100
    while not killed.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert Family.load(killed).record.steps < 4
    assert run(["train", str(program), "-o", str(killed), *OPTIONS, "--resume"]) == 0
    one, other = Family.load(whole), Family.load(killed)
    assert one.record.steps == other.record.steps == 4
    assert one.record.figures == other.record.figures
    theirs = other.model.arrays()
    assert all(np.array_equal(a, theirs[name]) for name, a in one.model.arrays().items())


def test_a_family_is_swept_into_the_same_kind_of_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, family, out = tmp_path / "heat.pde", tmp_path / "heat.family", tmp_path / "sweep.nc"
    program.write_text(PROGRAM.replace("[0.1, 2] log", "[0.4, 0.6]"))
    assert run(["train", str(program), "-o", str(family), "--generator", "spectral", "--tol", "1e-5", "-q"]) == 0
    capsys.readouterr()
    assert run(["sweep", str(family), "-p", "alpha=0.4:0.6:5", "--grid", "17x6", "-o", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["converged"]
    assert answer["batched"] == answer["instances"] == 5
    with xarray.open_dataset(out, engine="h5netcdf") as data:
        x, t, alpha = data.x.values[:, None], data.t.values, data.alpha.values[:, None, None]
        exact = np.exp(-alpha * t) * np.sin(x) + np.exp(-9 * alpha * t) * np.sin(3 * x)
        assert np.abs(data.u.values - exact).max() < 1e-4
    assert run(["sweep", str(family), "-p", "alpha=0.4:0.6:5", "-O", "slabs=3", "-o", str(out)]) == 2
