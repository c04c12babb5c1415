"""parse(format(p)) == parse(p), format(format(p)) == format(p), and no comment is ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdelang.language import ast
from pdelang.language.diagnostics import ProblemError
from pdelang.language.formatter import WIDTH, format_source, wrap
from pdelang.language.parser import parse_program
from pdelang.language.source import Source
from pdelang.language.syntax.logical_lines import cut
from pdelang.language.syntax.unparse import statement_text
from tests.language.program_strategies import statements

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.pde"))


def parsed(text: str) -> tuple[ast.Statement, ...]:
    program, faults = parse_program(Source(text))
    assert not faults, f"{text!r}: {faults[0]}"
    return program.statements


@settings(max_examples=200, derandomize=True, deadline=None)
@given(statements)
def test_the_text_of_a_tree_is_read_as_the_same_tree(statement: ast.Statement) -> None:
    text = statement_text(statement)
    assert parsed(text) == (statement,)
    assert parsed("\n".join(wrap(text))) == (statement,)


comments = st.sampled_from(["", "# note", "#", "  # ünïcode  ", "# x in [0, 1]; u = 0"])
gaps = st.sampled_from(["\n", "\r\n", "\n\n\n", ";", " ;  ", "\n \t \n", ";\n", "\n;;\n"])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(statements, comments, gaps), max_size=6), comments)
def test_formatting_programs(parts: list[tuple[ast.Statement, str, str]], first: str) -> None:
    text = "\ufeff" + first + "\n"
    for statement, comment, gap in parts:
        text += statement_text(statement) + (f" {comment}\n" if comment else "") + gap
    once = format_source(Source(text))
    assert parsed(once) == tuple(statement for statement, _, _ in parts) == parsed(text)
    assert format_source(Source(once)) == once
    assert _comments(once) == _comments(text)
    assert "\n\n\n" not in once
    assert not once.startswith("\n")
    assert once == "" or (once.endswith("\n") and not once.endswith("\n\n"))
    assert "\r" not in once


def _comments(text: str) -> list[str]:
    return [text[c.span.start : c.span.end] for c in cut(Source(text)).comments]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_their_meaning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    once = format_source(Source(text))
    assert parsed(once) == parsed(text)
    assert format_source(Source(once)) == once


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("u_t+u*u_x=nu*u_xx", "u_t + u*u_x = nu*u_xx"),
        ("u=( (a) )*b-(c)", "u = a*b - c"),
        ("u = (a*b)/(c*d) - (e - f)", "u = a*b/(c*d) - (e - f)"),
        ("u = -a ** -b ** 2", "u = -a^(-b^2)"),
        ("u = (-a)^2 - c*-b", "u = (-a)^2 - c*(-b)"),
        ("u = (2^3)^4 + 2^(3^4)", "u = (2^3)^4 + 2^3^4"),
        ("u = 0 where 0.2<x<0.8 or not(y>0)", "u = 0 where 0.2 < x and x < 0.8 or not y > 0"),
        ("u(x,0)=if( x>0 ,1,-1 )", "u(x, 0) = if(x > 0, 1, -1)"),
        ("v = sum( k in 1 .. 4 : a[ k ]*sin(k*pi*x) )", "v = sum(k in 1..4: a[k]*sin(k*pi*x))"),
        ("U[ 1 ]( x,0 ) = 0", "U[1](x, 0) = 0"),
        ("mass :div(U)=0", "mass: div(U) = 0"),
        ("on x=0 :U=(0,0),p = 1 where y<1", "on x = 0: U = (0, 0), p = 1 where y < 1"),
        ("( x,y ) in rectangle((0,0),(1,1))-disk((0,0),1)|a&b", "(x, y) in rectangle((0, 0), (1, 1)) - disk((0, 0), 1) | a & b"),
        ("param  a [4]in[-1,1]=0", "param a[4] in [-1, 1] = 0"),
        ("unknown k~normal( 0,1 )", "unknown k ~ normal(0, 1)"),
        ("time tau in[0,T]periodic", "time tau in [0, T] periodic"),
        ('problem  p   "a  b"', 'problem p "a  b"'),
        ('data u from"o.csv"weight 2', 'data u from "o.csv" weight 2'),
        ("field U[2],p ; ;let f( x,y )=x", "field U[2], p; let f(x, y) = x"),
    ],
)
def test_one_way_to_write_each_statement(text: str, canonical: str) -> None:
    assert format_source(Source(text)) == canonical + "\n"
    assert parsed(canonical) == parsed(text)


def test_comments_and_blank_lines() -> None:
    text = """

# top
u_t = d(a, # why
   x) + b     # trail


x in [0, 1];t in [0,0.5] ;    # both
# alone


# end"""
    assert format_source(Source(text)) == (
        "# top\n# why\nu_t = d(a, x) + b  # trail\n\nx in [0, 1]; t in [0, 0.5]  # both\n# alone\n\n# end\n"
    )


def test_long_statements_break_after_their_loosest_operators() -> None:
    long = "momentum: " + " + ".join(f"sin({i}*x + {i}*y)*u_x" for i in range(12)) + " = f(x, y) where x > 0"
    lines = format_source(Source(long)).splitlines()
    assert len(lines) > 2
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.endswith((" +", " =")) for line in lines[:-1])
    assert all(line.startswith("    ") for line in lines[1:])
    assert parsed("\n".join(lines)) == parsed(long)


def test_what_does_not_fit_on_one_line_is_not_joined() -> None:
    text = "u = " + "a*" * 40 + "a; v = " + "b*" * 40 + "b"
    assert len(format_source(Source(text)).splitlines()) == 2


def test_a_wrong_program_is_not_formatted() -> None:
    with pytest.raises(ProblemError) as error:
        format_source(Source("u = 2u\nx in [0, 1]"))
    assert [d.code for d in error.value.diagnostics] == ["E106"]
