"""Every form of the language is read as the tree it means, with exact spans; nothing in a text can upset the parser."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from pdelang.language import ast, limits
from pdelang.language.ast import Binary, Call, Compare, Index, Name, Number, Sum, Tuple, Unary
from pdelang.language.diagnostics import ProblemError
from pdelang.language.parser import parse_program
from pdelang.language.reading import read_source
from pdelang.language.source import Source, Span

X, Y, Z = Name("x"), Name("y"), Name("z")
ZERO, ONE, TWO = Number("0"), Number("1"), Number("2")


def program(text: str) -> tuple[ast.Statement, ...]:
    tree, faults = parse_program(Source(text))
    assert not faults, str(ProblemError(Source(text), faults))
    return tree.statements


def statement(text: str) -> ast.Statement:
    (only,) = program(text)
    return only


def expression(text: str) -> ast.Expression:
    equation = statement(f"w = {text}")
    assert isinstance(equation, ast.EquationStatement)
    return equation.right


def codes(text: str) -> list[str]:
    return [fault.code for fault in parse_program(Source(text))[1]]


def name(text: str, size: ast.Expression | None = None) -> ast.Declared:
    return ast.Declared(name=text, size=size)


# ---------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x - y - z", Binary("-", Binary("-", X, Y), Z)),
        ("x - (y - z)", Binary("-", X, Binary("-", Y, Z))),
        ("x/y/z", Binary("/", Binary("/", X, Y), Z)),
        ("x + y*z", Binary("+", X, Binary("*", Y, Z))),
        ("x^y^z", Binary("^", X, Binary("^", Y, Z))),
        ("x**y", Binary("^", X, Y)),
        ("-x^2", Unary("-", Binary("^", X, TWO))),
        ("(-x)^2", Binary("^", Unary("-", X), TWO)),
        ("2^-x", Binary("^", TWO, Unary("-", X))),
        ("-x*y", Binary("*", Unary("-", X), Y)),
        ("x*-y", Binary("*", X, Unary("-", Y))),
        ("--x", Unary("-", Unary("-", X))),
        ("+x", Unary("+", X)),
        ("x < y", Compare("<", X, Y)),
        ("x == y", Compare("==", X, Y)),
        ("0 < x <= 1", Binary("and", Compare("<", ZERO, X), Compare("<=", X, ONE))),
        ("not x < y and z > 0 or x != 1", None),
        ("x | y & z - x", Binary("|", X, Binary("&", Y, Binary("-", Z, X)))),
        ("(x, y)", Tuple((X, Y))),
        ("((x, y), z)", Tuple((Tuple((X, Y)), Z))),
        ("sin(x)", Call("sin", (X,))),
        ("f()", Call("f", ())),
        ("if(x > 0, 1, 2)", Call("if", (Compare(">", X, ZERO), ONE, TWO))),
        ("x[1]", Index("x", ONE)),
        ("x[y + 1]", Index("x", Binary("+", Y, ONE))),
        ("U[1](x, 0)", Call("U", (X, ZERO), index=ONE)),
        ("sum(k in 1..2: y)", Sum("k", ONE, TWO, Y)),
        ("sum(k in x..y*z: sum(j in 0..k: 1))", Sum("k", X, Binary("*", Y, Z), Sum("j", ZERO, Name("k"), ONE))),
        ("exact", Name("exact")),
        ("source(exact)", Call("source", (Name("exact"),))),
        ("log(x)*weight + normal - periodic/from", None),
        ("α_1*Ω", Binary("*", Name("α_1"), Name("Ω"))),
    ],
)
def test_expressions(text: str, tree: ast.Expression | None) -> None:
    if tree is None:
        assert isinstance(expression(text), Binary)
    else:
        assert expression(text) == tree


@pytest.mark.parametrize("text", ["0", "12", "0.5", ".5", "2.", "1e3", "1E-3", "2.5e+10", "0.0e0", "1e300", "0" * 90 + "1", "0e999"])
def test_numbers_keep_their_text(text: str) -> None:
    assert expression(text) == Number(text)


@pytest.mark.parametrize(
    "text", ["1e301", "1e-400", "1e999999999", "0." + "0" * 90 + "1e-250", "1" * 101, "1e" + "0" * 90 + "1", "9" * 302]
)
def test_numbers_beyond_double_precision(text: str) -> None:
    assert codes(f"u = {text}") == ["E105"]


def test_logic_binds_not_and_or() -> None:
    left = Binary("and", Unary("not", Compare("<", X, Y)), Compare(">", Z, ZERO))
    assert expression("not x < y and z > 0 or x != 1") == Binary("or", left, Compare("!=", X, ONE))


# ---------------------------------------------------------------- statements


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("problem p", ast.ProblemStatement(name="p")),
        ('problem p "A title"', ast.ProblemStatement(name="p", title="A title")),
        ("x in [0, 1]", ast.CoordinateStatement(name=name("x"), lower=ZERO, upper=ONE)),
        ("x in [0, 1] periodic", ast.CoordinateStatement(name=name("x"), lower=ZERO, upper=ONE, periodic=True)),
        ("time tau in [0, x]", ast.CoordinateStatement(name=name("tau"), lower=ZERO, upper=X, time=True)),
        ("(x, y) in a - b", ast.DomainStatement(names=(name("x"), name("y")), region=Binary("-", Name("a"), Name("b")))),
        ("field u", ast.FieldStatement(fields=(name("u"),))),
        ("field U[2], p", ast.FieldStatement(fields=(name("U", TWO), name("p")))),
        ("param a in [0, 1]", ast.ParamStatement(name=name("a"), distribution="uniform", arguments=(ZERO, ONE))),
        ("param a[2] in [0, 1] log = 2", ast.ParamStatement(name=name("a", TWO), distribution="log", arguments=(ZERO, ONE), default=TWO)),
        ("param a ~ normal(0, 1)", ast.ParamStatement(name=name("a"), distribution="normal", arguments=(ZERO, ONE))),
        (
            "unknown k in [0, 1] = x",
            ast.ParamStatement(name=name("k"), distribution="uniform", arguments=(ZERO, ONE), default=X, unknown=True),
        ),
        ("let f = x", ast.LetStatement(name=name("f"), parameters=None, body=X)),
        ("let f(x, y) = z", ast.LetStatement(name=name("f"), parameters=(name("x"), name("y")), body=Z)),
        ("x = y", ast.EquationStatement(left=X, right=Y)),
        ("mass: x = y where z > 0", ast.EquationStatement(left=X, right=Y, label=name("mass"), where=Compare(">", Z, ZERO))),
        ("u(x, 0) = y", ast.EquationStatement(left=Call("u", (X, ZERO)), right=Y)),
        ("on boundary: x = y", ast.OnStatement(place=Name("boundary"), value=None, equations=(ast.EquationStatement(left=X, right=Y),))),
        (
            "on x = 0: x = y, y = z where z > 0",
            ast.OnStatement(
                place=X,
                value=ZERO,
                equations=(ast.EquationStatement(left=X, right=Y), ast.EquationStatement(left=Y, right=Z)),
                where=Compare(">", Z, ZERO),
            ),
        ),
        ("region hole = x", ast.RegionStatement(name=name("hole"), region=X)),
        ("exact u = x", ast.ExactStatement(field=name("u"), expression=X)),
        ('data u from "a b.csv"', ast.DataStatement(field=name("u"), path="a b.csv")),
        ('data u from "C:\\a" weight 2', ast.DataStatement(field=name("u"), path="C:\\a", weight=TWO)),
        ("option method = x", ast.OptionStatement(name=name("method"), value=X)),
        ("-x = y", ast.EquationStatement(left=Unary("-", X), right=Y)),
        ("(x, y) = (y, z)", ast.EquationStatement(left=Tuple((X, Y)), right=Tuple((Y, Z)))),
        ("integral(x) = 0", ast.EquationStatement(left=Call("integral", (X,)), right=ZERO)),
    ],
)
def test_statements(text: str, tree: ast.Statement) -> None:
    assert statement(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "x = y; y = z",
        "x = y\ny = z\n",
        "x = y\r\ny = z\r\n",
        "\ufeffx = y\n\ty\t=\tz",
        ";;x = y;\n;; y = z;",
        "# a comment\nx = y # another\n\n  y = z  # no newline at the end",
        "x =\n\n  y\ny = # why\n z",
        "x = (\n# inside\n y\n)\ny = z",
    ],
)
def test_what_ends_a_statement(text: str) -> None:
    assert program(text) == (ast.EquationStatement(left=X, right=Y), ast.EquationStatement(left=Y, right=Z))


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "^", "**", "<", "==", "and", "or", "|", "&"])
def test_a_line_goes_on_after_an_operator(operator: str) -> None:
    assert expression(f"x {operator}\n y") == expression(f"x {operator} y")


@pytest.mark.parametrize("text", ["on boundary:\n  x = y,\n  y = z", "on x = 0: x =\n y,\n y = z"])
def test_a_line_goes_on_after_a_comma_or_colon(text: str) -> None:
    on = statement(text)
    assert isinstance(on, ast.OnStatement)
    assert on.equations == (ast.EquationStatement(left=X, right=Y), ast.EquationStatement(left=Y, right=Z))


def test_words_are_words_only_as_a_whole() -> None:
    assert statement("paramm in [0, 1]") == ast.CoordinateStatement(name=name("paramm"), lower=ZERO, upper=ONE)
    assert statement("online = notional") == ast.EquationStatement(left=Name("online"), right=Name("notional"))


# ---------------------------------------------------------------- spans


def test_spans_are_exact() -> None:
    text = "\n  mass: (a + b)*c - sin( x ) = U[1](x, 0)/sum(k in 1..2: k) where not y > 0  # end"
    equation = statement(text)
    assert isinstance(equation, ast.EquationStatement)
    source = Source(text)
    found = []
    stack: list[ast.Node] = [equation]
    while stack:
        node = stack.pop()
        found.append((type(node).__name__, source.excerpt(node.span)))
        stack += ast.children(node)
    assert set(found) >= {
        ("EquationStatement", text.strip().partition("  #")[0]),
        ("Declared", "mass"),
        ("Binary", "(a + b)*c - sin( x )"),
        ("Binary", "(a + b)*c"),
        ("Binary", "a + b"),
        ("Call", "sin( x )"),
        ("Call", "U[1](x, 0)"),
        ("Sum", "sum(k in 1..2: k)"),
        ("Unary", "not y > 0"),
        ("Compare", "y > 0"),
        ("Number", "1"),
    }
    call = equation.right.left  # type: ignore[attr-defined]
    assert source.excerpt(call.function_span) == "U[1]"
    assert source.position(call.span.start) == (2, text.splitlines()[1].index("U") + 1)


# ---------------------------------------------------------------- several faults, and limits


def test_n_wrong_lines_are_n_errors_and_good_lines_are_kept() -> None:
    lines = ["x in [0, 1]", "parm a in [0, 1]", "u_t = 2u", "t in [0, 1]", "u(0, t = 0", "u(1, t) == 0", "v = w ]", "u(x, 0) = x"]
    tree, faults = parse_program(Source("\n".join(lines)))
    assert [Source("\n".join(lines)).position(f.span.start)[0] for f in faults if f.span] == [2, 3, 5, 6, 7]
    assert len(tree.statements) == 3


def test_an_empty_program_has_no_statement_and_no_fault() -> None:
    for text in ("", "\n\n", "# only a comment", ";;;", "\ufeff", " \t\r\n"):
        assert program(text) == ()


def _nested(depth: int) -> str:
    return "u = " + "(" * depth + "x" + ")" * depth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_nested(limits.NESTING), []),
        (_nested(limits.NESTING + 1), ["E902"]),
        ("u = " + "-" * (limits.NESTING - 1) + "x", []),
        ("u = " + "-" * limits.NESTING + "x", ["E902"]),
        ("u = " + "x+" * (limits.NESTING - 1) + "x", []),
        ("u = " + "x+" * limits.NESTING + "x", ["E902"]),
        ("u = " + "x^" * limits.NESTING + "x", ["E902"]),
        ("u = " + "f(" * limits.NESTING + "x" + ")" * limits.NESTING, ["E902"]),
        ("u = x\n" * limits.STATEMENTS, []),
        ("u = x\n" * (limits.STATEMENTS + 1), ["E907"]),
        ("u = " + "n" * limits.NAME_LENGTH, []),
        ("u = " + "n" * (limits.NAME_LENGTH + 1), ["E908"]),
        ("u = ?\n" * limits.ERRORS, ["E107"] * limits.ERRORS),
        ("u = ?\n" * (limits.ERRORS + 9), ["E107"] * limits.ERRORS + ["E909"]),
        ("#" * (limits.FILE_BYTES + 1), ["E901"]),
        ("#" + "é" * (limits.FILE_BYTES // 2 + 1), ["E901"]),
        ("#" * limits.FILE_BYTES, []),
    ],
    ids=range(17),
)
def test_limits(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    "unit",
    [
        "-",
        "(",
        "^",
        "a+",
        "a^",
        "(a)",
        "[",
        '"',
        "#\n",
        "\n",
        ";",
        "a ",
        "a\n",
        "(\n",
        "u=1;",
        "(x\n",
        "1",
        "\x00",
        "a=(",
        "f(a,\n",
        "\r",
        "if(",
    ],
)
def test_a_mebibyte_of_anything_is_answered_at_once(unit: str) -> None:
    text = (unit * (limits.FILE_BYTES // len(unit) + 1))[: limits.FILE_BYTES - 4]
    for whole in (text, "u = " + text):
        start = time.process_time()
        tree, faults = parse_program(Source(whole))
        assert time.process_time() - start < 1.0
        assert len(faults) <= limits.ERRORS + 1
        assert len(tree.statements) <= limits.STATEMENTS


def test_the_tree_that_passes_is_safe_to_walk_recursively() -> None:
    deepest = statement("u = " + "-" * (limits.NESTING - 1) + "x")
    assert repr(deepest).count("Unary") == limits.NESTING - 1
    assert deepest == statement("u = " + "-" * (limits.NESTING - 1) + "x")
    assert isinstance(hash(deepest), int)


# ---------------------------------------------------------------- files


def test_reading_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.pde"
    path.write_bytes(b"\xef\xbb\xbfx = y\r\n")
    assert read_source(path) == Source("x = y\r\n", str(path))
    path.write_bytes("é = \u2202".encode() + b"\xff = 1")
    with pytest.raises(ProblemError) as error:
        read_source(path)
    assert [(d.code, d.span) for d in error.value.diagnostics] == [("E113", Span(5, 6))]
    assert "0xFF" in str(error.value)
    path.write_bytes(b"#" * (limits.FILE_BYTES + 1))
    with pytest.raises(ProblemError) as error:
        read_source(path)
    assert [d.code for d in error.value.diagnostics] == ["E901"]


def test_the_syntax_half_needs_neither_sympy_nor_jax_nor_numpy() -> None:
    script = (
        "import sys; from pdelang.language.source import Source; from pdelang.language.parser import parse_program\n"
        "assert len(parse_program(Source('u = 2u'))[1]) == 1\n"
        "print(sorted({'sympy', 'jax', 'numpy', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
