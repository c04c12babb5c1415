"""Hypothesis strategies: syntax trees of any program that the grammar can make."""

from __future__ import annotations

from hypothesis import strategies as st

from pdelang.language import ast
from pdelang.language.words import CLAUSES, RESERVED

_CONTEXTUAL = sorted(set(CLAUSES) - RESERVED)

names = st.sampled_from(["u", "v", "u_xx", "x", "t", "nu", "pi", "λ", "Re", "a1", "inn", "sums", "boundary", "exactly", *_CONTEXTUAL])
numbers = st.sampled_from(["0", "1", "2.", ".5", "0.01", "1e-3", "2.5E+6", "12"]).map(ast.Number)


def _tuples(items: st.SearchStrategy[ast.Expression], least: int = 0) -> st.SearchStrategy[tuple[ast.Expression, ...]]:
    return st.lists(items, min_size=least, max_size=3).map(tuple)


def _larger(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    return st.one_of(
        st.builds(ast.Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(ast.Binary, st.sampled_from(["+", "-", "*", "/", "^", "and", "or", "|", "&"]), inner, inner),
        st.builds(ast.Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner),
        st.builds(ast.Call, names | st.just("if"), _tuples(inner)),
        st.builds(lambda name, arguments, index: ast.Call(name, arguments, index=index), names, _tuples(inner), inner),
        st.builds(ast.Index, names, inner),
        st.builds(ast.Tuple, _tuples(inner, 2)),
        st.builds(ast.Sum, names, inner, inner, inner),
    )


expressions = st.recursive(numbers | (names | st.just("exact")).map(ast.Name), _larger, max_leaves=8)
bare = names.map(lambda name: ast.Declared(name=name))
sized = st.builds(lambda name, size: ast.Declared(name=name, size=size), names, st.none() | expressions)
texts = st.text(st.characters(min_codepoint=32, exclude_characters='"\x7f', exclude_categories=("Cs", "Cc")), max_size=12)
optional = st.none() | expressions


def _sides(equation: st.SearchStrategy[ast.EquationStatement]) -> st.SearchStrategy[ast.EquationStatement]:
    """`exact` cannot begin an equation: there it is a statement's word. A leading `sum`, say, hides none."""
    return equation.filter(lambda e: not _begins_with_exact(e.left))


def _begins_with_exact(node: ast.Expression) -> bool:
    while isinstance(node, ast.Binary | ast.Compare):
        node = node.left
    return node == ast.Name("exact")


relations = st.builds(ast.EquationStatement, left=expressions, right=expressions)

statements = st.one_of(
    st.builds(ast.ProblemStatement, name=names, title=st.none() | texts),
    st.builds(ast.CoordinateStatement, name=bare, lower=expressions, upper=expressions, periodic=st.booleans(), time=st.booleans()),
    st.builds(ast.DomainStatement, names=st.lists(bare, min_size=2, max_size=3).map(tuple), region=expressions),
    st.builds(ast.FieldStatement, fields=st.lists(sized, min_size=1, max_size=3).map(tuple)),
    st.builds(
        ast.ParamStatement,
        name=sized,
        distribution=st.sampled_from(["uniform", "log", "normal"]),
        arguments=st.tuples(expressions, expressions),
        default=optional,
        unknown=st.booleans(),
    ),
    st.builds(ast.LetStatement, name=bare, parameters=st.none() | st.lists(bare, min_size=1, max_size=3).map(tuple), body=expressions),
    _sides(st.builds(ast.EquationStatement, left=expressions, right=expressions, label=st.none() | bare, where=optional)),
    st.builds(
        ast.OnStatement,
        place=names.map(ast.Name),
        value=optional,
        equations=st.lists(relations, min_size=1, max_size=3).map(tuple),
        where=optional,
    ),
    st.builds(ast.RegionStatement, name=bare, region=expressions),
    st.builds(ast.ExactStatement, field=bare, expression=expressions),
    st.builds(ast.DataStatement, field=bare, path=texts, weight=optional),
    st.builds(ast.OptionStatement, name=bare, value=expressions),
)
