"""What only a process of its own shows: exit codes, closed and full streams, locales, a signal, the rights of an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import HEAT

WRONG = HEAT.replace("k*u_xx", "kk*u_xx")
GREEK = 'problem letters "é and ξ"\nξ in [0, 1]\nd(υ, ξ) = υ\nυ(0) = 1\n'
QUICK = "solve heat.pde -q -O kernels=6 -O slabs=1 --method least_squares"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("heat", HEAT), ("wrong", WRONG), ("greek", GREEK), ("ugly", "x in [0,1];u_x=u;u( 0 )=1\n")):
        (tmp_path / f"{name}.pde").write_text(text, encoding="utf-8")
    return tmp_path


def shell(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`line` as the shell sees it, with PDELANG for the command. No answer may hold a traceback."""
    line = line.replace("PDELANG", f"'{sys.executable}' -m pdelang")
    ran = subprocess.run(line, shell=True, cwd=folder, capture_output=True, timeout=300, env={**os.environ, **environment})
    assert b"Traceback" not in ran.stderr, ran.stderr.decode()
    return ran


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("check heat.pde", 0),
        ("check heat.pde wrong.pde", 1),
        ("fmt --check ugly.pde", 1),
        ("check none.pde wrong.pde", 2),
        (f"{QUICK} --tol 1e-12", 3),
    ],
)
def test_exit_codes(folder: Path, arguments: str, code: int) -> None:
    assert shell(folder, f"PDELANG {arguments}").returncode == code


CTRL_C = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job is born deaf to it
from pdelang.cli.main import main
from pdelang.runtime.solve.checkpoint import Checkpoint

accepted = Checkpoint.accepted
def pressed(*arguments):
    accepted(*arguments)
    os.kill(os.getpid(), signal.SIGINT)

Checkpoint.accepted = pressed
main(["solve", "heat.pde", "-q", "-o", "u.nc", "-O", "slabs=3"])
"""


def test_ctrl_c_ends_the_process_with_130_and_keeps_the_result(folder: Path) -> None:
    """The signal arrives once the first slab is accepted."""
    ran = subprocess.run([sys.executable, "-c", CTRL_C], cwd=folder, capture_output=True, timeout=300, text=True)
    assert ran.returncode == 130, ran.stderr
    assert "interrupted: what was computed until then is kept" in ran.stdout
    assert (folder / "u.nc").stat().st_size > 0


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("check heat.pde >&-", 0),
        ("check wrong.pde >&- 2>&-", 1),
        ("compile heat.pde <&- >&- 2>&-", 0),
        ("fmt - <&-", 0),
        (f"{QUICK} --json -o u.nc <&- >&- 2>&-", 3),
    ],
)
def test_closed_streams_change_no_exit_code(folder: Path, arguments: str, code: int) -> None:
    assert shell(folder, f"PDELANG {arguments}").returncode == code
    if "u.nc" in arguments:  # what would have been printed is not in the file that took the stream's number
        assert (folder / "u.nc").read_bytes()[:4] == b"\x89HDF"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", ["check heat.pde", "fmt - <ugly.pde", "check wrong.pde --json"])
def test_a_full_standard_output_is_one_line(folder: Path, arguments: str) -> None:
    ran = shell(folder, f"PDELANG {arguments} >/dev/full")
    assert ran.returncode == 2
    assert ran.stderr in (b"error: cannot write the output: no space left on device\n", b"")


def test_a_reader_that_goes_away_ends_it_quietly(folder: Path) -> None:
    ran = shell(folder, "PDELANG compile heat.pde | head -1; PDELANG explain | head -1")
    assert ran.stdout.splitlines() == [b'r"""Heat in a bar.', b"E101  unexpected token"]
    assert ran.stderr == b""


def test_programs_and_modules_and_json_are_utf8_in_every_locale(folder: Path) -> None:
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert shell(folder, "PDELANG fmt - <greek.pde", **locale).stdout.decode() == GREEK
    module = shell(folder, "PDELANG compile greek.pde", **locale).stdout.decode()
    assert "of ξ: lower (1,)" in module
    data = json.loads(shell(folder, "PDELANG check greek.pde --json", **locale).stdout)
    assert "é and ξ" in data["files"][0]["summary"]
    assert b"\\xe9 and \\u03be" in shell(folder, "PDELANG check greek.pde", **locale).stdout


def test_neither_colours_nor_wrapping_without_a_terminal(folder: Path) -> None:
    plain = shell(folder, "PDELANG check wrong.pde").stderr
    assert b"\x1b" not in plain
    assert shell(folder, "PDELANG check wrong.pde", COLUMNS="40").stderr == plain  # carets do not survive wrapping


AS_NOBODY = """
import contextlib, io, os, sys
from pdelang.cli.main import run

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for line in ("compile heat.pde", "fmt --check wrong.pde", "solve heat.pde -q -o none.csv"):
        run(line.split())  # what an ordinary user may not read is loaded by now
if hasattr(os, "getuid") and os.getuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs the rights of POSIX")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("compile heat.pde -o there.py", "cannot write there.py: permission denied"),
        ("solve heat.pde -q --plot shut/u.png", "cannot write shut/u.png: permission denied"),
        ("fmt ugly.pde", "cannot write ugly.pde: permission denied"),
        ("fmt secret.pde", "secret.pde: permission denied"),
    ],
)
def test_what_an_ordinary_user_may_not_write(folder: Path, arguments: str, message: str) -> None:
    """Files that exist and may not be written, files in a folder that may not; found before any work. As root: with its rights given up."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for their owner alone
        place = Path(name)
        shutil.copytree(folder, place, dirs_exist_ok=True)
        (place / "shut").mkdir()
        for file, mode in (("there.py", 0o444), ("secret.pde", 0), ("ugly.pde", 0o444), ("shut", 0o555), (".", 0o755)):
            if not (place / file).exists():
                (place / file).write_text("old")
            (place / file).chmod(mode)
        command = [sys.executable, "-c", AS_NOBODY, *arguments.split()]
        ran = subprocess.run(command, cwd=place, capture_output=True, timeout=300, text=True)
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"error: {message}\n")
        assert (place / "there.py").read_text() == "old"
        assert not any((place / "shut").iterdir())
