"""`--resume`: a solve that was killed goes on from its last accepted slabs, to the bits of one that was not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from pdelang.cli.main import run
from pdelang.runtime.solution import Solution
from pdelang.runtime.solve import checkpoint
from tests.cli.conftest import HEAT, Cli

BURGERS = """x in [-1, 1]
t in [0, 1]
param nu in [0.001, 0.1] = 0.005
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
on boundary: u = 0
option time_limit = 600
"""
ARGUMENTS = ["solve", "burgers.pde", "-o", "u.nc", "--tol", "1e-8"]
KEPT = "u.nc.checkpoint"
SLOWLY = f"""
import sys, time
from pdelang.cli.main import run
from pdelang.runtime.solve import checkpoint
checkpoint.SECONDS_BETWEEN = checkpoint.COSTS_BETWEEN = 0
accepted = checkpoint.Checkpoint.accepted
checkpoint.Checkpoint.accepted = lambda *arguments: (accepted(*arguments), time.sleep(0.2))
sys.exit(run({ARGUMENTS!r}))
"""
"""Every slab is written, and is followed by a pause in which the process can be killed."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Solution:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "burgers.pde").write_text(BURGERS)
    assert run(["solve", str(folder / "burgers.pde"), "-o", str(folder / "u.nc"), "--tol", "1e-8", "-q"]) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["burgers.pde", "u.nc"]
    return Solution.load(folder / "u.nc")


def slabs(path: Path) -> int:
    """Accepted ones in a checkpoint, over all passes; 0 while there is none."""
    if not path.exists():
        return 0
    with h5py.File(path) as file:
        return sum(len(p["parts"]) for p in file["passes"].values() if "parts" in p)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that a process killed in the middle has left."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "burgers.pde").write_text(BURGERS)
    process = subprocess.Popen([sys.executable, "-c", SLOWLY], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(2400):
            if slabs(folder / KEPT) >= 10:
                break
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (folder / "u.nc").exists()
    return folder / KEPT


@pytest.fixture
def killed(left: Path, tmp_path: Path) -> Path:
    for name in ("burgers.pde", KEPT):
        shutil.copy(left.parent / name, tmp_path / name)
    return tmp_path / KEPT


def test_a_killed_solve_goes_on_to_the_same_bits(cli: Cli, killed: Path, uninterrupted: Solution) -> None:
    assert slabs(killed) >= 10
    ran = cli(*ARGUMENTS, "--resume")
    assert ran.code == 0, ran.err
    assert f"going on from {KEPT}" in ran.err
    resumed = Solution.load(killed.parent / "u.nc")
    assert resumed.iterations == uninterrupted.iterations
    assert resumed.certificate == uninterrupted.certificate
    mine, other = (s.representation.arrays() for s in (resumed, uninterrupted))  # type: ignore[union-attr]
    assert mine.keys() == other.keys()
    assert all(np.array_equal(mine[k], other[k], equal_nan=mine[k].dtype.kind == "f") for k in mine)
    assert sorted(p.name for p in killed.parent.iterdir()) == ["burgers.pde", "u.nc"]


def test_a_checkpoint_of_another_solve_is_refused(cli: Cli, killed: Path) -> None:
    program = killed.parent / "burgers.pde"
    assert "with parameter nu = 0.005, not 0.05; solve without resuming" in refused(cli, "-p", "nu=0.05")
    assert "with option tolerance = 1e-08, not 0.0001" in refused(cli, "--tol", "1e-4", base=ARGUMENTS[:-2])
    program.write_text(BURGERS.replace("-sin", "sin"))
    assert "of another program: line 5 differs" in refused(cli)
    program.write_text(BURGERS)
    with h5py.File(killed, "a") as file:
        file.attrs["pdelang_version"] = "0.0.1"
    assert "a checkpoint of pdelang 0.0.1, this is" in refused(cli)
    killed.write_bytes(killed.read_bytes()[: killed.stat().st_size // 2])
    assert "cut short" in refused(cli)
    assert killed.exists()


def refused(cli: Cli, *more: str, base: list[str] = ARGUMENTS) -> str:
    ran = cli(*base, *more, "--resume", "-q")
    assert (ran.code, ran.out) == (2, "")
    return ran.err


def test_without_a_checkpoint_it_starts_anew_and_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "heat.pde").write_text(HEAT)
    ran = cli("solve", "heat.pde", "-o", "u.nc", "--tol", "1e-4", "--resume")
    assert ran.code == 0
    assert "no checkpoint u.nc.checkpoint: starting anew" in ran.err
    assert "give -o OUT.nc" in cli("solve", "heat.pde", "--resume").error


def test_a_time_limit_leaves_a_checkpoint_and_more_time_ends_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: Solution
) -> None:
    """The clock jumps an hour after ten slabs: the limit is met on every machine."""
    (tmp_path / "burgers.pde").write_text(BURGERS)
    now, accepted, count = time.monotonic, checkpoint.Checkpoint.accepted, [0]

    def counting(*arguments: object) -> None:
        count[0] += 1
        accepted(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.Checkpoint, "accepted", counting)
        patched.setattr("pdelang.runtime.solve.product.march.clock.monotonic", lambda: now() + (3600 if count[0] > 10 else 0))
        ran = cli(*ARGUMENTS)
    assert ran.code == 3
    assert "--resume goes on from it" in ran.out
    assert (tmp_path / KEPT).exists()
    assert cli(*ARGUMENTS, "--resume").code == 0
    assert Solution.load(tmp_path / "u.nc").certificate == uninterrupted.certificate
    assert not (tmp_path / KEPT).exists()
