"""Put what the commands print today into README.md, and the picture of its first command into docs/images/burgers.png.

    python docs/refresh_readme.py           all of it: solves Burgers' equation
    python docs/refresh_readme.py --quick   all but the solve: what a test compares

A comment `<!-- run ARGUMENTS -->` stands before a block with the command and its output; `<!-- said -->` before the diagnostic of the
program at the top with `nv` for `nu`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from pdelang.language.diagnostics import ProblemError
from pdelang.language.semantics import parse

HERE = Path(__file__).parent
PAGE = HERE.parent / "README.md"
PICTURE = "docs/images/burgers.png"
_PROGRAM = re.compile(r"```pde\n(.*?)```", re.DOTALL)
_RUN = re.compile(r"(<!-- run (.*?) -->\n```\w*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
_SAID = re.compile(r"(<!-- said -->\n```\w*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def program(page: str) -> str:
    """The program at the top."""
    found = _PROGRAM.search(page)
    assert found is not None
    return found.group(1)


def _output(match: re.Match[str]) -> str:
    head, arguments, _, tail = match.groups()
    command = [sys.executable, "-m", "pdelang", *shlex.split(arguments), *(["-q"] if arguments.startswith("solve") else [])]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, check=False)
    return f"{head}$ pdelang {arguments}\n{ran.stdout}{ran.stderr}{tail}"


def refreshed(page: str, *, quick: bool) -> str:
    """The page with every block as it comes out now; without the solves if quick."""
    page = _RUN.sub(lambda match: match.group() if quick and match.group(2).startswith("solve") else _output(match), page)
    return _SAID.sub(lambda match: f"{match.group(1)}{_diagnostic(program(page))}\n{match.group(3)}", page)


def _diagnostic(text: str) -> str:
    try:
        parse(text.replace("nu*u_xx", "nv*u_xx"), "burgers.pde")
    except ProblemError as fault:
        return str(fault)
    raise AssertionError("the wrong program passes")


if __name__ == "__main__":
    (HERE.parent / PICTURE).parent.mkdir(exist_ok=True)
    PAGE.write_text(refreshed(PAGE.read_text(), quick="--quick" in sys.argv))
