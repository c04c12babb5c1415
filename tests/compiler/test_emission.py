"""The emitted module: reproducible, formatted, standing alone, and closed to every text that a program may hold."""

from __future__ import annotations

import ast
import io
import os
import shutil
import subprocess
import sys
import tokenize
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdelang.compiler import pipeline
from pdelang.compiler.compiled import load_module
from pdelang.compiler.lowering import scattered
from pdelang.compiler.naming import RESERVED, Scope, identifier
from pdelang.compiler.text import docstring, literal, one_line, quote, text_literal
from pdelang.language.semantics import parse
from pdelang.runtime import api
from pdelang.runtime.status import Status
from tests.compiler.handmade import burgers
from tests.compiler.programs import PROGRAMS

HOSTILE = [
    '"""',
    "'''",
    '\\"""',
    "\\",
    '"',
    "\n",
    "\r",
    "\u2028",
    "\x00",
    "\x0b",
    "\ud800",
    "import os",
    "#",
    "{",
    "%s",
    "é",
    "\u202e",
    "a",
]
TEXTS = st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS)
def test_literals_are_the_text(text: str) -> None:
    assert ast.literal_eval(quote(text)) == text
    space: dict[str, str] = {}
    exec(text_literal("T", text), space)
    assert space["T"] == text
    assert ast.literal_eval(literal({"a": (text, [text, 1.5, None, True])})) == {"a": (text, [text, 1.5, None, True])}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS, st.booleans())
def test_no_text_leaves_a_docstring_or_comment(text: str, raw: bool) -> None:
    clean = one_line(text, 40)
    assert len(clean) <= 40
    lines = [*docstring([clean or "x", "", f"    {clean}"], raw=raw), f"x = 1  # {clean}", "y = 2"]
    source = "\n".join(lines) + "\n"
    tree = ast.parse(source.encode("utf-8", "replace"))
    assert [type(n) for n in tree.body] == [ast.Expr, ast.Assign, ast.Assign]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=30))
def test_identifiers_are_ascii_identifiers(text: str) -> None:
    scope = Scope()
    first, second = scope.claim(text), scope.claim(text)
    assert first.isidentifier()
    assert first.isascii()
    assert first != second
    assert identifier(text).isidentifier()
    assert first not in RESERVED
    assert second not in RESERVED


@pytest.mark.parametrize(
    ("text", "name"),
    [("U[1]", "U_1"), ("ν", "nu"), ("u_ττ", "u_tau_tau"), ("u(-1, t)", "u_minus_1_t"), ("x = 0.5", "x_0p5"), ("1", "n1"), ("", "unnamed")],
)
def test_identifier(text: str, name: str) -> None:
    assert identifier(text) == name


def hostile_problem() -> str:
    problem = replace(burgers(), title='x"""\nimport os; os.abort()\r"""\\')
    equation = replace(problem.equations[0], label='"""; import os #\n')
    return pipeline.source(replace(problem, equations=(equation,)))


def test_hostile_labels_and_titles_stay_text() -> None:
    source = hostile_problem()
    assert "abort" not in {n.attr for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Attribute)}
    assert load_module(source, "hostile").EQUATIONS[0]["label"] == '"""; import os #\n'


def test_a_program_in_its_own_module_comes_back() -> None:
    for text in PROGRAMS.values():
        module = load_module(pipeline.source(parse(text, "p.pde")), "again")
        assert text == module.PROGRAM


def test_the_module_imports_jax_alone() -> None:
    tree = ast.parse(pipeline.source(burgers()))
    top = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    found = {(n.module if isinstance(n, ast.ImportFrom) else n.names[0].name) or "" for n in top}
    assert {name.split(".")[0] for name in found} <= {"jax", *sys.stdlib_module_names}


def test_the_same_bytes_under_other_hashes() -> None:
    code = """
import sys
from pdelang.compiler import pipeline
from pdelang.language.semantics import parse
from pdelang.runtime.status import Status
from tests.compiler.programs import MANUFACTURED
sys.stdout.buffer.write(pipeline.source(parse(MANUFACTURED, "p.pde")).encode())
"""
    root = Path(__file__).parents[2]
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, cwd=root, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_no_line_is_long_except_in_strings() -> None:
    for text in PROGRAMS.values():
        problem = parse(text, "p.pde")
        checked = pipeline.check(problem)
        source = pipeline.source(problem).replace(scattered.emit(checked.residual, checked.analysis).strip("\n"), "")
        long = [t.line for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type != tokenize.STRING and t.end[1] > 120]
        assert not long


@pytest.mark.skipif(shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="the formatter is not installed")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_formatter_changes_nothing(name: str) -> None:
    problem = parse(PROGRAMS[name], "p.pde")
    checked = pipeline.check(problem)
    source = pipeline.source(problem).replace(scattered.emit(checked.residual, checked.analysis).strip("\n"), "# Gaussians")
    ruff = str(Path(sys.executable).parent / "ruff")
    options = ["format", "--isolated", "--line-length", "120", "-"]
    assert subprocess.run([ruff, *options], input=source, capture_output=True, text=True, check=True).stdout == source


class Answer:
    """What `solve` gives, as far as the command line looks."""

    def __init__(self, status: Status):
        self.status = status
        self.written: list[str] = []
        self.plot = self.save = self.written.append


@pytest.mark.parametrize(("status", "code"), [(Status.CONVERGED, 0), (Status.TOLERANCE_NOT_MET, 3)])
def test_the_command_line(status: Status, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = "x in [0, 1]\nparam tol in [0, 1]\nparam a[2] in [0, 1]\nu_xx = a[1] + a[2]*tol\non boundary: u = 0\n"
    module = load_module(pipeline.source(parse(text, "p.pde")), "commanded")
    answer, asked = Answer(status), {}
    monkeypatch.setattr(module, "solve", lambda **given: asked.update(given) or answer)
    monkeypatch.setattr(
        sys, "argv", ["p.py", "--tol", "1e-8", "--param-tol", "0.5", "--a", "0.25", "1", "--plot", "u.png", "--output", "u.nc"]
    )
    assert module.main() == code
    assert asked == {"tolerance": 1e-8, "tol": 0.5, "a": [0.25, 1.0]}
    assert answer.written == ["u.png", "u.nc"]
    assert capsys.readouterr().out == status.value + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nu", "7"], "parameter `nu` = 7 lies outside its range [0.001, 0.1]"),
        (["--method", "magic"], "no method 'magic'"),
        (["--tol", "0"], "option 'tolerance' must be between"),
        (["--plot", "u.bmp"], "cannot plot to u.bmp"),
        (["--plot", "none/u.png"], "cannot write none/u.png: there is no folder none"),
        (["--output", "u.csv"], "cannot write u.csv: a solution is netCDF4"),
        (["--seed", "1"], "unrecognized arguments: --seed 1"),
    ],
)
def test_the_command_line_refuses_in_words_and_before_the_solve(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load_module(pipeline.source(parse(PROGRAMS["burgers"], "p.pde")), "refused")
    monkeypatch.setattr(api, "direct", lambda *_, **__: pytest.fail("the solve was started"))
    monkeypatch.setattr(sys, "argv", ["p.py", *arguments])
    with pytest.raises(SystemExit) as caught:
        module.main()
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
