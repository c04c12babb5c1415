"""Put what the compiler prints today into docs/compiler.md.

    python docs/refresh.py

A line `<!-- emit STAGE -->` before a fenced block says that the block is what `pdelang compile examples/burgers.pde --emit STAGE` prints;
`<!-- emit STAGE def NAME -->` takes one function of it, `<!-- emit STAGE first N -->` its first N lines. A test compares.
"""

from __future__ import annotations

import re
from pathlib import Path

from pdelang.compiler.pipeline import emit
from pdelang.language.semantics import load

HERE = Path(__file__).parent
PAGE = HERE / "compiler.md"
EXAMPLE = HERE.parent / "examples" / "burgers.pde"
BLOCK = re.compile(r"(<!-- emit (\w+)(?: (def|first) (\w+))? -->\n```\w*\n)(.*?)(\n```)", re.DOTALL)


def excerpt(text: str, kind: str | None, argument: str | None) -> str:
    """The whole text, one function, or the first lines."""
    if kind == "first":
        return "\n".join(text.splitlines()[: int(argument or 0)])
    if kind == "def":
        found = re.search(rf"^def {argument}\(.*?(?=\n\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
        if found is None:
            raise ValueError(f"no function {argument}")
        return found.group()
    return text.rstrip("\n")


def refreshed(page: str) -> str:
    """The page with every block as the compiler prints it now."""
    problem = load(EXAMPLE)
    stages: dict[str, str] = {}

    def block(match: re.Match[str]) -> str:
        head, stage, kind, argument, _, tail = match.groups()
        if stage not in stages:
            stages[stage] = emit(problem, stage)
        return head + excerpt(stages[stage], kind, argument) + tail

    return BLOCK.sub(block, page)


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text()))
