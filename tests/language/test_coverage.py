"""Where a `where` certainly never holds, and whether the equations cover the domain."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdelang.language import algebra
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.expressions import Apply, Coordinate, Expr, Parameter
from pdelang.language.passes.truth import Box, enclose, never
from pdelang.language.semantics import parse

SQUARE = "x in [0, 1]; y in [0, 1]\nparam a in [0.2, 0.8] = 0.5\nlaplacian(u) = a\n"
ROD = "x in [0, 1]\nparam a in [0.2, 0.8] = 0.5\nu(0) = 0; u(1) = a\n"


def faces(conditions: str) -> list[str]:
    return [c.label.removeprefix("u on ") for c in parse(SQUARE + conditions).conditions]


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("x > 0.5", ["x = 1", "y = 0", "y = 1"]),
        ("x > a", ["x = 1", "y = 0", "y = 1"]),
        ("x > a - 0.5", ["x = 0", "x = 1", "y = 0", "y = 1"]),
        ("x == 0 and y < 2", ["x = 0", "y = 0", "y = 1"]),
        ("not (x < 1)", ["x = 1", "y = 0", "y = 1"]),
        ("x*y > 0 and abs(x - y) <= max(x, 1)", ["x = 1", "y = 1"]),
        ("(x - 2)^2 < 3 or y/2 > 0.4", ["x = 1", "x = 0", "y = 0", "y = 1"]),
    ],
)
def test_faces_of_the_boundary_without_a_point_are_left_out(where: str, kept: list[str]) -> None:
    assert sorted(faces(f"on boundary: u = 0 where {where}\n")) == sorted(kept)


def test_a_face_named_by_itself_must_hold_somewhere() -> None:
    with pytest.raises(Exception, match="E320"):
        faces("on boundary: u = 0\non x = 0: u = 1 where x > 0.5\n")


def test_parts_of_a_face_share_its_room() -> None:
    text = "on boundary: u = 0 where y > a\non boundary: u = 1 where y <= a\non x = 0: dn(u) = 0\n"
    found = parse(SQUARE + text)
    assert [c.label for c in found.conditions if c.label.endswith("x = 0")] == ["dn(u) on x = 0"]
    assert not found.warnings


@pytest.mark.parametrize(
    ("equations", "said"),
    [
        ("u_xx = 1 where x < a; u_xx = 2 where x >= a", ""),
        ("u_xx = 1 where x < a", "fewer"),
        ("u_xx = 1 where x < 0.4; u_xx = 2 where x > 0.6", "fewer"),
        ("u_xx = 1 where x < 0.6; u_xx = 2 where x > 0.4", "more"),
        ("u_xx = 1; u_xx = 2 where x > 0.5", "more"),
    ],
)
def test_equations_cover_the_domain_once(equations: str, said: str) -> None:
    warnings = [w.message for w in parse(ROD + equations + "\n").warnings if w.code == "W311"]
    assert [m.split()[0] for m in warnings] == ([said] if said else [])


X, A = Coordinate(0), Parameter(0)
NUMBERS = st.recursive(
    st.one_of(st.just(X), st.just(A), st.integers(-3, 3).map(algebra.number)),
    lambda inner: st.one_of(
        st.builds(lambda f, a, b: Apply(f, (a, b)), st.sampled_from(["add", "sub", "mul", "div", "min", "max"]), inner, inner),
        st.builds(lambda f, a: Apply(f, (a,)), st.sampled_from(["neg", "abs", "sin", "cos", "exp"]), inner),
        st.builds(lambda a, n: Apply("pow", (a, algebra.number(n))), inner, st.integers(0, 4)),
    ),
    max_leaves=6,
)
TRUTHS = st.recursive(
    st.builds(lambda f, a, b: Apply(f, (a, b)), st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), NUMBERS, NUMBERS),
    lambda inner: st.one_of(
        st.builds(lambda f, a, b: Apply(f, (a, b)), st.sampled_from(["and", "or"]), inner, inner),
        st.builds(lambda a: Apply("not", (a,)), inner),
    ),
    max_leaves=4,
)
BOX = Box([(-1.0, 2.0)], [(0.5, 3.0)])


@settings(max_examples=300, deadline=None)
@given(NUMBERS, st.floats(-1, 2), st.floats(0.5, 3))
def test_an_enclosure_holds_every_value(expression: Expr, x: float, a: float) -> None:
    low, high = enclose(expression, BOX)
    try:
        value = evaluate(expression, Values([x], [[a]]))
    except UndefinedError:
        return
    slack = 1e-12 * (1 + abs(value))
    assert low - slack <= value <= high + slack


@settings(max_examples=300, deadline=None)
@given(TRUTHS, st.floats(-1, 2), st.floats(0.5, 3))
def test_never_is_never_wrong(condition: Expr, x: float, a: float) -> None:
    try:
        holds = evaluate(condition, Values([x], [[a]]))
    except UndefinedError:
        return
    assert not (holds and never(condition, BOX))
