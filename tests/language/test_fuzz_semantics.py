"""Whatever the program: a problem or diagnostics, never another exception, never more than a second. Seeded, so that a failure repeats."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdelang.language import ast
from pdelang.language.algebra import measure
from pdelang.language.codes import CODES
from pdelang.language.diagnostics import Diagnostic, ProblemError, render
from pdelang.language.formatter import format_source
from pdelang.language.limits import EQUATION_DEPTH, EQUATION_NODES
from pdelang.language.printing import to_text
from pdelang.language.problem import Problem
from pdelang.language.semantics import analyse, parse
from pdelang.language.source import Source
from pdelang.language.summary import summary
from tests.language.program_strategies import statements as trees

EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "examples").glob("*.pde"))}
# Everything that the elaborator has a rule for, over one scalar, one vector, parameters, definitions and local names.
PROLOGUE = "field u, U[2]\nparam c in [1, 2]\nparam a[3] in [0, 1]\nlet k = c*x\nlet w = u_x + k\nlet f(s, y) = s*u + y\nlet V = (x, y)\n"
DOMAIN = "x in [0, c]\ny in [-1, 1] periodic\nt in [0, 1]\n"
ATOMS = [
    "u",
    "u_x",
    "u_xt",
    "U",
    "U_y",
    "U[1]",
    "c",
    "a",
    "a[2]",
    "k",
    "w",
    "w_x",
    "V",
    "x",
    "y",
    "t",
    "pi",
    "0",
    "2",
    "0.5",
    "-1",
    "exact",
    "zz",
    "u_z",
]
PLACES = [
    "u(x, y, 0)",
    "u(0, y, t)",
    "u(c, y, t)",
    "U(x, y, 0)",
    "U[2](0, y, t)",
    "w(0, y, t)",
    "u_x(c, y, t)",
    "u(0, 0, 0)",
    "u(y, x, t)",
    "u(0)",
]
FORMS = [
    "({} + {})", "({} - {})", "{}*{}", "{}/{}", "{}^2", "{}^{}", "-{}", "sin({})", "max({}, {})", "if({} > {}, {}, 1)",
    "grad({})", "div({})",
    "laplacian({})", "curl({})", "dot({}, {})", "cross({}, {})", "norm({})", "d({}, x)", "d({}, y, 2)",
    "d({}, x, t)", "dn({})", "f({}, {})",
    "({}, {})", "sum(i in 1..3: i*{})", "sum(i in 1..3: a[i]*{})", "source(exact)", "integral({})",
    "({} < {} and {} > 1)", "not {}", "f({})",
]  # fmt: skip
STATEMENTS = [
    "{} = {}", "{} = {} where {} > 0.5", "on boundary: {} = {}", "on x = 0: {} = {}, {} = 0", "on t = 0: {} = {}",
    "exact u = {}", "exact U = ({}, {})",
    "let g = {}", "param q in [{}, {}] = {}", "z in [{}, {}]", "option kernels = {}", "region r = disk(({}, {}), {})",
    "on r: {} = {}", "lab: {} = {}",
]  # fmt: skip

fuzz = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def fill(form: str, parts: list[str]) -> str:
    for part in parts:
        form = form.replace("{}", part, 1)
    return form.replace("{}", "u")


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(fill, st.sampled_from(FORMS), st.lists(inner, min_size=3, max_size=3))


expressions = st.recursive(st.sampled_from(ATOMS + PLACES[:4]), _grow, max_leaves=6)
statements = st.builds(fill, st.sampled_from(STATEMENTS), st.lists(expressions | st.sampled_from(PLACES), min_size=3, max_size=3))


def answer(text: str) -> Problem | tuple[Diagnostic, ...]:
    """The problem or its diagnostics; checks everything that holds for every program."""
    source = Source(text)
    start = time.process_time()
    result: Problem | tuple[Diagnostic, ...]
    try:
        result = parse(text)
        found = result.warnings
    except ProblemError as error:
        result = found = error.diagnostics
        assert any(d.severity == "error" for d in found)
    assert time.process_time() - start < 3, "a second, with room for a slow machine"
    for diagnostic in found:
        assert diagnostic.code in CODES
        assert render(source, diagnostic)
        assert diagnostic.span is None or 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text) + 1
    spans = [d.span for d in found if d.span is not None]
    assert all(a <= b for a, b in pairwise(spans))
    if isinstance(result, Problem):
        _check(result)
    return result


def _check(problem: Problem) -> None:
    assert summary(problem)
    for e in (*problem.equations, *problem.conditions):
        size, depth, _ = measure(*(term.expression for term in e.terms))
        assert size <= 4 * EQUATION_NODES
        assert depth <= EQUATION_DEPTH + 4
        assert len({tuple(entry is None for entry in place) for place in e.places}) == 1
        assert all(to_text(term.expression, problem, e.places) for term in e.terms)


@settings(fuzz, max_examples=300)
@given(st.lists(statements, min_size=1, max_size=4), st.booleans())
def test_random_statements_over_a_rich_program(lines: list[str], first: bool) -> None:
    own = "\n".join(lines) + "\n"
    answer(own + PROLOGUE + DOMAIN if first else PROLOGUE + DOMAIN + own)


@settings(fuzz, max_examples=150)
@given(st.lists(trees, max_size=6).map(tuple))
def test_trees_that_no_text_gives(found: tuple[ast.Statement, ...]) -> None:
    """Spans are empty, names and numbers are wild."""
    coordinate = ast.CoordinateStatement(name=ast.Declared(name="x"), lower=ast.Number("0"), upper=ast.Number("1"))
    try:
        analyse(ast.Program(Source(""), (coordinate, *found)))
    except ProblemError as error:
        answered = error.diagnostics
    else:
        answered = ()
    assert all(diagnostic.code in CODES for diagnostic in answered)


TOKEN = re.compile(r"#[^\n]*|\"[^\"\n]*\"|\w+|\S|\n")


def tokens(text: str) -> list[re.Match[str]]:
    return [match for match in TOKEN.finditer(text) if match.group() != "\n" and not match.group().startswith("#")]


SPARE = ["u", "zz", "x", "t", "0", "1", "2", "(", ")", "=", ",", "+", "*", "sin", "exact", "u_x", "on", "param", "in"]


@settings(fuzz, max_examples=400)
@given(
    st.sampled_from(sorted(EXAMPLES)),
    st.integers(0, 10**6),
    st.sampled_from(["delete", "double", "replace", "swap"]),
    st.sampled_from(SPARE),
)
def test_single_token_edits_of_the_examples(stem: str, where: int, how: str, spare: str) -> None:
    text = EXAMPLES[stem]
    found = tokens(text)
    match = found[where % len(found)]
    new = {"delete": "", "double": f"{match.group()} {match.group()}", "replace": spare, "swap": f"{spare} {match.group()}"}[how]
    answer(text[: match.start()] + new + text[match.end() :])


@pytest.mark.parametrize("stem", EXAMPLES)
def test_a_misspelt_name_is_one_error_at_its_place(stem: str) -> None:
    """Each use of a parameter, a definition or a function in turn, with a letter too many: one error, there, that names the right one."""
    text = EXAMPLES[stem]
    problem = parse(text)
    wanted = {p.name for p in problem.parameters} | {"sin", "cos", "exp", "tanh", "sech", "dot"}
    uses = [m for m in tokens(text) if m.group() in wanted and len(m.group()) > 1 and not text[: m.start()].endswith("param ")]
    for match in uses:
        wrong = f"{match.group()}q"
        result = answer(text[: match.end()] + "q" + text[match.end() :])
        assert not isinstance(result, Problem)
        errors = [d for d in result if d.severity == "error"]
        assert [(d.code, d.span and d.span.start) for d in errors] == [("E201", match.start())]
        assert f"`{wrong}`" in errors[0].message
        assert f"`{match.group()}`" in errors[0].help


@pytest.mark.parametrize("stem", EXAMPLES)
def test_formatting_changes_nothing_that_is_meant(stem: str) -> None:
    before, after = parse(EXAMPLES[stem]), parse(format_source(Source(EXAMPLES[stem])))
    assert summary(before).partition("equations")[0] == summary(after).partition("equations")[0]
    shown = [[to_text(t.expression, p, e.places) for e in (*p.equations, *p.conditions) for t in e.terms] for p in (before, after)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"let a{i + 1} = a{i} + a{i}" for i in range(900)) + "\nlet a0 = x\nx in [0, a900]\nu_x = a900\nu(0) = 0",
        "\n".join(f"let a{i} = sin(a{i + 1})" for i in range(900)) + "\nlet a900 = x\nx in [0, 1]\nu_x = a0\nu(0) = 0",
        "\n".join(f"let f{i + 1}(s) = f{i}(f{i}(s))" for i in range(60)) + "\nlet f0(s) = s + 1\nx in [0, 1]\nu_x = f60(u)\nu(0) = 0",
        "\n".join(f"region r{i} = r{i + 1} | r{i + 1}" for i in range(900)) + "\n(x, y) in r0\nlaplacian(u) = 1\non r0: u = 0",
        "\n".join(f"region r{i + 1} = r{i} | r{i}" for i in range(900)) + "\nregion r0 = disk((0, 0), 1)\n(x, y) in r900\nlaplacian(u) = 1",
        "x in [0, 1]\nu_x = " + "(" * 150 + "u" + ")^1000" * 150,
        "x in [0, 1]\nlet a = " + "+".join(["sin(x)"] * 190) + "\n" + "\n".join(f"l{i}: d(a*u, x, 4) = a" for i in range(900)),
        "x in [0, 1]\nu_x = sum(i in 1..1000: sum(j in 1..1000: i*j))",
        "x in [0, 1]; y in [0, 1]\nu_x = 1\n" + "\n".join(f"u(0, y) = sin({i}*y)" for i in range(900)),
        "param a[100] in [0, 1]\nx in [0, sum(i in 1..100: a[i])]\nu_x = 1\n" + "u(sum(i in 1..100: a[i])) = 1\n" * 100,
        "x in [0, 1]\n" + "\n".join(f"v{i}_x = 1" for i in range(900)),
        "x in [0, 1]\nu_x = 1e300*1e300*1e300\nu(0) = 1e-300^9",
        "x in [0, 1]\nu_x = " + "*".join(["2^1000"] * 150),
        "x in [0, 1]; xx in [0, 1]; xxx in [0, 1]\nu_" + "x" * 90 + " = 1",
        "x in [0, 1]\n" + "\n".join(f"u_x = zzzzzzzz{i}" for i in range(900)),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_would_explode_is_refused_at_once(text: str) -> None:
    answer(text)
