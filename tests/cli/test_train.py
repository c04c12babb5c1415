"""`pdelang train` and `query`: what they write, print and refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pdelang.cli.main import run

PROGRAM = """
problem decay "Decay"
x in [0, 1]
t in [0, 1]
param k in [0.5, 2] = 1
u_t = -k*u
u(x, 0) = 1 + x
exact u = (1 + x)*exp(-k*t)
"""


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    (folder / "decay.pde").write_text(PROGRAM)
    log = folder / "log.csv"
    code = run(["train", str(folder / "decay.pde"), "-o", str(folder / "decay.family"), "--tol", "1e-5", "--log", str(log), "-q"])
    assert code == 0
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert [int(float(r["step"])) for r in rows] == list(range(1, len(rows) + 1))
    return folder / "decay.family"


def test_a_query_prints_one_object_and_writes_what_was_asked_for(family: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "u.nc"
    assert run(["query", str(family), "-p", "k=0.77", "--json", "-o", str(out)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["converged"]
    assert answer["parameters"] == {"k": 0.77}
    assert answer["relative_l2"]["u"] < 1e-5
    assert out.exists()


def test_a_query_says_which_answer_was_taken(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["query", str(family), "-p", "k=0.9", "--tol", "1e-10", "-q"]) == 0
    assert "solved directly" in " ".join(capsys.readouterr().out.split())
    assert run(["query", str(family), "-p", "k=0.9", "--tol", "1e-12", "--no-fallback", "-q"]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p", "q=1"], "unknown parameter"),
        (["-p", "k=7"], "outside its range"),
        (["--samples", "-1"], "negative"),
        (["-o", "u.txt"], "u.txt"),
    ],
)
def test_wrong_queries_leave_with_two(family: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["query", str(family), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_wrong_files_leave_with_two(family: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = family.with_name("decay.pde")
    assert run(["query", str(program)]) == 2
    assert run(["query", str(tmp_path / "absent.family")]) == 2
    other = tmp_path / "other.pde"
    other.write_text(PROGRAM.replace("1 + x", "2 + x"))
    assert run(["train", str(other), "-o", str(family), "--tol", "1e-5", "--resume", "-q"]) == 2
    assert "another program" in capsys.readouterr().err
