"""The README shows what the program does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def test_it_opens_with_the_example() -> None:
    refresh = runpy.run_path(str(ROOT / "docs" / "refresh_readme.py"))
    assert refresh["program"](README.read_text()) == (ROOT / "examples" / "burgers.pde").read_text()


def test_its_outputs_are_those_of_today() -> None:
    refresh = runpy.run_path(str(ROOT / "docs" / "refresh_readme.py"))
    page = README.read_text()
    assert refresh["refreshed"](page, quick=True) == page, "run python docs/refresh_readme.py --quick"


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    exec("\n".join(blocks), names)
    assert names["solution"].residual < 1e-3  # type: ignore[attr-defined]
    assert (tmp_path / "u.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_and_named_files_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text) + re.findall(r"`((?:pdelang|tests|docs|benchmarks)/[\w/.-]+)`", text)
    assert [t for t in targets if not (ROOT / t).exists()] == []
