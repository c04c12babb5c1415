"""What the pages in docs/ show is what the program does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`|^    .*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def test_the_compilers_page_shows_what_the_compiler_prints() -> None:
    refreshed = runpy.run_path(str(DOCS / "refresh.py"))["refreshed"]
    page = (DOCS / "compiler.md").read_text()
    assert refreshed(page) == page, "run python docs/refresh.py"


def test_the_snippets_on_the_emitted_module_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of docs/emitted-module.md, one after the other, beside the module that they speak of."""
    from pdelang.compiler.pipeline import compile

    (tmp_path / "burgers_solver.py").write_text(compile(ROOT / "examples" / "burgers.pde").source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    blocks = PYTHON.findall((DOCS / "emitted-module.md").read_text())
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile_block(block), names)
    assert names["last"] < 0.1 * names["first"]


def compile_block(block: str) -> Any:
    import builtins

    return builtins.compile(block, "docs/emitted-module.md", "exec")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_hold(page: Path) -> None:
    missing = [target for target in LINK.findall(CODE.sub("", page.read_text())) if not (page.parent / target).exists()]
    assert not missing
