"""The cache saves time and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pdelang.compiler import cache, pipeline
from pdelang.language.semantics import parse
from tests.compiler.programs import BURGERS, MANUFACTURED

PROBLEM = parse(BURGERS, "p.pde")
WARNED = parse(BURGERS.replace("[0.001, 0.1] log", "[0, 0.1]"), "p.pde")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "modules"
    monkeypatch.setattr(cache, "folder", lambda: place)
    return place


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


@pytest.mark.parametrize("problem", [PROBLEM, WARNED, parse(MANUFACTURED)], ids=["plain", "warned", "manufactured"])
def test_the_same_with_and_without(problem: pipeline.Problem, folder: Path) -> None:
    fresh, first, second = (pipeline.compile(problem, use_cache=c) for c in (False, True, True))
    assert fresh.source == first.source == second.source
    assert fresh.analysis == first.analysis == second.analysis
    assert fresh.warnings == first.warnings == second.warnings
    assert len(entries(folder)) == 1


def test_no_file_without_it(folder: Path) -> None:
    pipeline.compile(PROBLEM, use_cache=False)
    assert not folder.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"digest": "x", "body": "{}"}', b"\xff\xfe", b'["digest"]'])
def test_a_damaged_entry_is_made_anew(damage: bytes, folder: Path) -> None:
    source = pipeline.compile(PROBLEM).source
    (path,) = entries(folder)
    whole = path.read_bytes()
    path.write_bytes(damage)
    assert pipeline.compile(PROBLEM).source == source
    assert path.read_bytes() == whole


def test_an_entry_cut_short_or_edited_is_made_anew(folder: Path) -> None:
    source = pipeline.compile(PROBLEM).source
    (path,) = entries(folder)
    whole = path.read_bytes()
    for damage in (whole[: len(whole) // 2], whole.replace(b"import jax", b"import os ", 1)):
        path.write_bytes(damage)
        assert pipeline.compile(PROBLEM).source == source


def test_another_text_or_compiler_is_another_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.compile(PROBLEM)
    pipeline.compile(parse(BURGERS + "# a comment\n", "p.pde"))
    assert len(entries(folder)) == 2
    monkeypatch.setattr(cache, "_compiler", lambda: "an edited compiler")
    assert cache.read(cache.content_key(PROBLEM)) is None


def test_it_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "ENTRIES", 3)
    analysis = pipeline.check(PROBLEM).analysis
    for n in range(6):
        cache.write(f"key {n}", ("text", analysis, ()))
        os.utime(max(entries(folder), key=lambda p: p.stat().st_mtime), (n, n))
    assert len(entries(folder)) == 3
    assert cache.read("key 5") == ("text", analysis, ())
    assert cache.read("key 0") is None


def test_a_folder_that_others_may_write_is_not_trusted(folder: Path) -> None:
    pipeline.compile(PROBLEM)
    folder.chmod(0o777)
    assert cache.read(cache.content_key(PROBLEM)) is None


def test_a_folder_that_cannot_be_made_is_no_failure(folder: Path) -> None:
    folder.write_text("a file stands in the way")
    assert pipeline.compile(PROBLEM).source


def test_a_cached_program_needs_no_sympy(tmp_path: Path) -> None:
    path = tmp_path / "burgers.pde"
    path.write_text(BURGERS)
    code = "import sys, pdelang; pdelang.compile(sys.argv[1]); print('sympy' in sys.modules)"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", code, str(path)], env=environment, capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]
