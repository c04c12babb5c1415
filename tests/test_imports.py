"""What is loaded when: the front end stays light, imports go one way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("jax", "sympy", "scipy", "xarray", "matplotlib", "optax")

PROBE = """
import sys
from pdelang.cli.main import run
code = run({arguments!r})
print(code, *(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


def loaded(arguments: list[str]) -> tuple[int, list[str]]:
    """Exit code of the command line, and which heavy packages it loaded."""
    program = PROBE.format(arguments=arguments, heavy=HEAVY)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)
    code, *names = ran.stderr.splitlines()[-1].split()
    return int(code), names


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["solve", "--help"], ["explain", "E201"], ["solve", "none.pde"]], ids=" ".join
)
def test_the_shell_is_light(arguments: list[str]) -> None:
    assert loaded(arguments)[1] == []


@pytest.mark.parametrize(
    "text",
    ["x in [0, 1\n", "x in [0, 1]\nt in [0, 1]\nu_t = nu*u_xx\nu(x, 0) = 0\n"],
    ids=["syntax", "names"],
)
def test_a_wrong_program_is_found_without_jax_and_sympy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.pde"
    path.write_text(text)
    assert loaded(["check", str(path)]) == (1, [])


def test_the_package_is_lazy() -> None:
    program = f"import sys, pdelang; print([n for n in {(*HEAVY, 'numpy', 'lark', 'typer')!r} if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60).stdout == "[]\n"


def test_every_public_name_exists() -> None:
    import pdelang

    for name in pdelang.__all__:
        assert getattr(pdelang, name) is not None


def test_imports_go_one_way() -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout
