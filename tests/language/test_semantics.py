"""What programs mean: places, kinds, terms and names of the resolved problem."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from pdelang.language import algebra
from pdelang.language.diagnostics import ProblemError
from pdelang.language.evaluate import Values, evaluate
from pdelang.language.expressions import Apply, Constant, Coordinate, Derivative, Expr, Jet, Parameter
from pdelang.language.printing import to_text
from pdelang.language.problem import Equation, Problem
from pdelang.language.semantics import load, parse
from pdelang.language.summary import residual_text, summary

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.pde"))
HEAT = "x in [0, 1]; t in [0, 1]\nu_t = u_xx\nu(x, 0) = 0\non boundary: u = 0\n"
PLANE = "x in [0, 1]; y in [0, 1]\n"


def residuals(problem: Problem) -> list[str]:
    return [residual_text(problem, e) for e in problem.equations]


def conditions(problem: Problem) -> list[str]:
    return [f"{e.kind} | {e.label} | {residual_text(problem, e)}" for e in problem.conditions]


def codes(text: str) -> list[str]:
    try:
        return [d.code for d in parse(text).warnings]
    except ProblemError as error:
        return [d.code for d in error.diagnostics]


def equation(text: str, coordinates: str = PLANE) -> str:
    problem = parse(coordinates + text)
    return residuals(problem)[0]


# -------------------------------------------------------------------- the page of the language


def test_burgers() -> None:
    problem = load(next(path for path in EXAMPLES if path.stem == "burgers"))
    assert problem.name == "burgers"
    assert [(c.name, c.time, c.periodic) for c in problem.coordinates] == [("x", False, False), ("t", True, False)]
    assert problem.time == 1
    assert [f.name for f in problem.fields] == ["u"]
    assert [(p.name, p.distribution, p.arguments) for p in problem.parameters] == [("nu", "log", (0.001, 0.1))]
    assert problem.parameters[0].default == pytest.approx((0.0031830988618379067,), rel=1e-15)
    assert residuals(problem) == ["u_t + u*u_x - nu*u_xx"]
    assert conditions(problem) == [
        "initial | u(x, 0) | u(x, 0) + sin(pi*x)",
        "boundary | u(-1, t) | u(-1, t)",
        "boundary | u(1, t) | u(1, t)",
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_right_and_said_to_be(path: Path) -> None:
    problem = load(path)
    assert problem.warnings == ()
    assert summary(problem).startswith(problem.name)
    assert len(problem.equations) == len(problem.fields)


def test_terms_carry_their_exact_places() -> None:
    problem = load(next(path for path in EXAMPLES if path.stem == "burgers"))
    assert [problem.source.excerpt(term.span) for term in problem.equations[0].terms] == ["u_t", "u*u_x", "nu*u_xx"]


def test_terms_are_cut_through_signs_and_brackets_before_anything_is_simplified() -> None:
    problem = parse("x in [0, 1]\n-(u_x - (u + x)) + 2*(u + 1) = -u - (3 - u)\nu(0) = 0")
    terms = problem.equations[0].terms
    shown = [(problem.source.excerpt(term.span), to_text(term.expression, problem)) for term in terms]
    assert shown == [
        ("u_x", "-u_x"),
        ("u", "u"),
        ("x", "x"),
        ("2*(u + 1)", "2*(u + 1)"),
        ("u", "u"),
        ("3", "3"),
        ("u", "-u"),
    ]


def test_components_keep_the_place_of_the_vector_term() -> None:
    flow = "field U[2], p\nm: dot(U, grad(U)) + grad(p) = laplacian(U)\nc: div(U) = 0\non boundary: U = (0, 0)\np(0, 0) = 0"
    problem = parse(PLANE + flow)
    assert [e.label for e in problem.equations] == ["m[1]", "m[2]", "c"]
    assert residuals(problem) == [
        "U[1]*U_x[1] + U[2]*U_y[1] + p_x - (U_xx[1] + U_yy[1])",
        "U[1]*U_x[2] + U[2]*U_y[2] + p_y - (U_xx[2] + U_yy[2])",
        "U_x[1] + U_y[2]",
    ]
    spans = [problem.source.excerpt(term.span) for term in problem.equations[1].terms]
    assert spans == ["dot(U, grad(U))", "grad(p)", "laplacian(U)"]
    assert [(f.name, f.vector) for f in problem.fields] == [("U[1]", "U"), ("U[2]", "U"), ("p", None)]


# -------------------------------------------------------------------- declarations


def test_order_is_free_and_time_comes_last() -> None:
    text = "u(y, x, 0) = k\nu_t = laplacian(u)*k\nlet k = m + 1\nt in [0, T]\nparam T in [1, 2]\nparam m in [0, 1]\n"
    problem = parse(text + "y in [0, 1] periodic\nx in [0, 1] periodic\n")
    assert [c.name for c in problem.coordinates] == ["y", "x", "t"]
    assert problem.coordinates[2].upper == Parameter(0)


def test_time_by_another_name_leaves_t_to_space() -> None:
    problem = parse("time tau in [0, 1]; t in [0, 1] periodic\nd(u, tau) = laplacian(u)\nu(t, 0) = 1")
    assert [(c.name, c.time) for c in problem.coordinates] == [("t", False), ("tau", True)]
    assert residuals(problem) == ["d(u, tau) - u_tt"]


def test_steady_problems_have_no_time() -> None:
    assert parse(f"{PLANE}laplacian(u) = 1\non boundary: u = 0").time is None


@pytest.mark.parametrize(
    ("statements", "fields"),
    [
        ("u_x = 1\nu(0) = 0", ["u"]),
        ("laplacian(u) = 1\non boundary: u = 0", ["u"]),
        ("d(w^2, x) = 1\nw(0) = 1", ["w"]),
        ("d(w, x) = 1\nw(0) = 1", ["w"]),
        ("sin(u) = x*u_x\nu(0) = 0", ["u"]),
        ("d(s^2, x) + s = x\non boundary: s = 0", ["s"]),
        ("v_x = u_\nu_ = v\nv(0) = 0", []),
        ("param v_x in [0, 1]\nu_x = v_x\nu(0) = 0", ["u"]),
        ("rho_1_x = rho_2\nrho_2_x = rho_1\nrho_1(0) = 1\nrho_2(0) = 1", ["rho_1", "rho_2"]),
    ],
)
def test_fields_are_inferred(statements: str, fields: list[str]) -> None:
    text = f"x in [0, 1]\n{statements}"
    if not fields:
        assert "E201" in codes(text)
    else:
        assert [f.name for f in parse(text).fields] == fields


def test_subscripts_take_the_longest_coordinates_and_are_canonical() -> None:
    problem = parse("r in [0, 1] periodic; theta in [0, 1] periodic\nu_thetar + d(u, theta, r) + u_rtheta = u")
    assert residuals(problem) == ["d(u, r, theta) + d(u, r, theta) + d(u, r, theta) - u"]
    assert equation("u_yx + u_xy + d(u, y, x) = u") == "u_xy + u_xy + u_xy - u"


def test_a_declared_name_wins_over_a_derivative() -> None:
    problem = parse(f"param u_x in [0, 1]\n{HEAT.replace('u_xx', 'u_xx + u_x')}")
    assert residuals(problem) == ["u_t - u_xx - u_x"]
    assert isinstance(problem.equations[0].terms[2].expression, Apply)
    assert [w.code for w in problem.warnings] == ["W308"]


def test_default_values_are_middles() -> None:
    text = "param a in [1, 3]\nparam b in [0.01, 1] log\nparam c ~ normal(2, 1)\nparam v[3] in [0, 1] = (0, 0.5, 1)\n"
    text += "param w[2] in [0, 1] = 0.25\nunknown k in [0, 2] = 0.5\n"
    problem = parse(text + HEAT.replace("u_xx", "a*b*c*v[1]*w[2]*k*u_xx"))
    assert [p.default for p in problem.parameters] == [(2.0,), (pytest.approx(0.1),), (2.0,), (0.0, 0.5, 1.0), (0.25, 0.25), (0.5,)]
    assert [p.size for p in problem.parameters] == [None, None, None, 3, 2, None]
    assert problem.parameters[5].unknown


def test_numbers_are_exact() -> None:
    problem = parse(HEAT.replace("u_xx", "0.1*u_xx + 1e-3"))
    constants = {n.value for t in problem.equations[0].terms for n in algebra.walk(t.expression) if isinstance(n, Constant)}
    assert {str(value) for value in constants} == {"1/10", "-1/1000"}


# -------------------------------------------------------------------- operators


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ("laplacian(u)", "u_xx + u_yy"),
        ("div(grad(u))", "u_xx + u_yy"),
        ("laplacian(laplacian(u))", "u_xxxx + u_xxyy + (u_xxyy + u_yyyy)"),
        ("dot(grad(u), grad(u))", "u_x*u_x + u_y*u_y"),
        ("norm(grad(u))", "sqrt(u_x^2 + u_y^2)"),
        ("curl(grad(u))", "u_xy - u_xy"),
        ("dot((1, 2), grad(u))", "u_x + 2*u_y"),
        ("cross((1, 2), grad(u))", "u_y - 2*u_x"),
        ("div(x*grad(u))", "d(x*u_x, x) + d(x*u_y, y)"),
        ("d(u^2/2, x) + u_y", "d(u^2, x)/2 + u_y"),
        ("d(3*u_y + x, x, 2, y)", "3*u_xxyy"),
        ("d(u, y, x, 2)", "u_xxy"),
        ("sum(k in 1..3: k*d(u, x, k))", "u_x + 2*u_xx + 3*u_xxx"),
        ("u_x + dot(curl(u), grad(u))", "u_x + u_y*u_x + (-u_x)*u_y"),
    ],
)
def test_operators(left: str, expected: str) -> None:
    assert equation(f"{left} = 1") == f"{expected} - 1"


def test_operators_act_on_space_alone() -> None:
    assert equation("laplacian(u) + div(grad(u)) = u_t", "t in [0, 1]; x in [0, 1]\n") == "u_xx + u_xx - u_t"


def test_the_gradient_of_one_coordinate_is_a_number() -> None:
    assert equation("grad(u) + div(u) = 1", "x in [0, 1]\n") == "u_x + u_x - 1"


def test_three_dimensional_curl_and_cross() -> None:
    text = "x in [0, 1]; y in [0, 1]; z in [0, 1]\nfield A[3]\ncurl(curl(A)) + cross(A, (0, 0, 1)) = 0\n"
    assert residuals(parse(text)) == [
        "A_xy[2] - A_yy[1] - (A_zz[1] - A_xz[3]) + A[2]",
        "A_yz[3] - A_zz[2] - (A_xx[2] - A_xy[1]) - A[1]",
        "A_xz[1] - A_xx[3] - (A_yy[3] - A_yz[2])",
    ]


def test_definitions_hold_fields_derivatives_and_vectors() -> None:
    text = "let flux = u^2/2 - nu*u_x\nlet nu = 0.1\nlet f(a, b) = a*b + x\nlet V = (1, 2)\n"
    problem = parse(text + PLANE + "d(flux, x) + flux_y = f(u, V[2]) + dot(V, grad(u))")
    assert residuals(problem) == ["d(u^2, x)/2 - 0.1*u_xx + d(u^2, y)/2 - 0.1*u_xy - (u*2 + x) - (u_x + 2*u_y)"]


def test_a_definition_used_twice_is_one_object() -> None:
    problem = parse(f"let k = sin(x)*exp(x)\n{HEAT.replace('u_xx', 'k*u_xx + k*u')}")
    nodes_of = [list(algebra.walk(term.expression)) for term in problem.equations[0].terms[1:]]
    factors = [node for row in nodes_of for node in row if to_text(node, problem) == "sin(x)*exp(x)"]
    assert len(factors) == 2
    assert factors[0] is factors[1]


def test_arguments_of_a_definition_shadow_coordinates_and_differentiate_only_as_such() -> None:
    text = "let f(x) = x^2\nlet g(s) = d(s^2, x)\n" + PLANE
    assert equation("u_x = f(2*y) + g(u)", text) == "u_x - (2*y)^2 - d(u^2, x)"
    assert codes("let f(x) = d(u, x)\n" + PLANE + "u_y = f(2*y)") == ["E206"]


def test_if_comparisons_and_logic() -> None:
    shown = equation("u_x = if(x < 0.5 and not (y >= 0.2 or x == 1), u, 2)")
    assert shown == "u_x - if(x < 0.5 and not (y >= 0.2 or x == 1), u, 2)"
    assert equation("u_x = min(1, 2, x)*max(u, 0)") == "u_x - min(min(1, 2), x)*max(u, 0)"


# -------------------------------------------------------------------- conditions


def test_kinds_and_labels_of_conditions() -> None:
    text = """x in [-1, 1]; t in [0, 1]
param h in [1, 2]
u_t = u_xx
u(x, 0) = exp(x)
bottom: u_x(1, t) + h*u(1, t) = sin(t)
u(-1, t) = u(1, t)
u(0, 0) = 1
"""
    problem = parse(text)
    assert conditions(problem) == [
        "initial | u(x, 0) | u(x, 0) - exp(x)",
        "boundary | bottom | u_x(1, t) + h*u(1, t) - sin(t)",
        "periodic | u(-1, t) = u(1, t) | u(-1, t) - u(1, t)",
        "point | u(0, 0) | u(0, 0) - 1",
    ]
    pair = problem.conditions[2]
    assert [to_text(row[0], problem) for row in pair.places if row[0]] == ["-1", "1"]
    assert [jet.place for term in pair.terms for jet in algebra.jets(term.expression)] == [0, 1]


def test_one_coordinate_alone() -> None:
    steady = parse("x in [0, 2]\nu_xx = 1\nu(0) = 0\nu_x(2) = 1")
    assert [e.kind for e in steady.conditions] == ["boundary", "boundary"]
    decay = parse("t in [0, 2]\nu_t = -u\nu(0) = 1")
    assert [e.kind for e in decay.conditions] == ["initial"]
    assert parse("x in [0, 2]\nu_xx = 1\nu(1) = 0\nu_x(2) = 1").conditions[0].kind == "point"


def test_a_place_at_an_end_becomes_the_bound_itself() -> None:
    problem = parse("param L in [1, 2]\nx in [0, 2*L]; t in [0, 1]\nu_t = u_xx\nu(x, 0) = 0\nu(0, t) = 0\nu(L + L, t) = 0")
    assert problem.conditions[2].places[0][0] is problem.coordinates[0].upper
    assert problem.warnings == ()


def test_the_boundary_is_all_faces_but_time_and_periods() -> None:
    domain = "x in [0, 1]; y in [0, 1] periodic; z in [2, 3]; t in [0, 1]\n"
    problem = parse(domain + "u_t = laplacian(u)\nu(x, y, z, 0) = 0\non boundary: u = 0")
    assert [e.label for e in problem.conditions[1:]] == ["u on x = 0", "u on x = 1", "u on z = 2", "u on z = 3"]


def test_the_normal_points_outward() -> None:
    problem = parse(f"{PLANE}laplacian(u) = 1\non boundary: dn(u) + 2*u = 0")
    assert [residual_text(problem, e) for e in problem.conditions] == [
        "-u_x(0, y) + 2*u(0, y)",
        "u_x(1, y) + 2*u(1, y)",
        "-u_y(x, 0) + 2*u(x, 0)",
        "u_y(x, 1) + 2*u(x, 1)",
    ]


def test_where_joins_that_of_the_statement() -> None:
    problem = parse(f"{PLANE}laplacian(u) = 1 where x > 0.5\non boundary: u = 0\non x = 0: dn(u) = 1 where y > 0.2 and y < 0.8")
    assert to_text(problem.equations[0].where or algebra.ZERO, problem) == "x > 0.5"
    assert to_text(problem.conditions[-1].where or algebra.ZERO, problem) == "y > 0.2 and y < 0.8"


@pytest.mark.parametrize(
    ("statements", "on_top"),
    [
        ("laplacian(u) = 1\non boundary: u = 0\non y = 1: u = x - x^2", ["u(x, 1) - x + x^2"]),
        ("laplacian(u) = 1\non y = 1: dn(u) = 0\non boundary: u = 0", ["u_y(x, 1)"]),
        ("laplacian(u) = 1\non boundary: u = 0\nu_y(x, 1) + u(x, 1) = 0", ["u_y(x, 1) + u(x, 1)"]),
        ("laplacian(laplacian(u)) = 1\non boundary: u = 0, dn(u) = 0\non y = 1: dn(u) = 1", ["u(x, 1)", "u_y(x, 1) - 1"]),
        ("laplacian(laplacian(u)) = 1\non boundary: u = 0, dn(u) = 0\non y = 1: u_yy = 0", ["u(x, 1)", "u_yy(x, 1)"]),
    ],
)
def test_the_more_specific_place_wins(statements: str, on_top: list[str]) -> None:
    problem = parse(PLANE + statements)
    assert sorted(residual_text(problem, e) for e in problem.conditions if e.places[0][1] == Constant(Fraction(1))) == sorted(on_top)
    assert problem.warnings == ()


def test_a_more_specific_place_with_where_wins_there() -> None:
    problem = parse(f"{PLANE}laplacian(u) = 1\non boundary: u = 0\non y = 1: u = (x - 0.5)*(1 - x) where x > 0.5")
    top = {residual_text(problem, e): to_text(e.where, problem) for e in problem.conditions if e.where is not None}
    assert top == {"u(x, 1)": "not x > 0.5", "u(x, 1) - (x - 0.5)*(1 - x)": "x > 0.5"}


def test_a_definition_may_be_taken_at_a_place() -> None:
    text = "let flux = -2*u_x + x*u\nx in [0, 1]; t in [0, 1]\nu_t = u_xx\nu(x, 0) = 0\n"
    problem = parse(text + "flux(0, t) = flux(1, t)\nu(1, t) = 0\nflux_t(0, t) = 1\n")
    assert [residual_text(problem, e) for e in problem.conditions[1:]] == [
        "-2*u_x(0, t) + x*u(0, t) - (-2*u_x(1, t) + 1*u(1, t))",
        "u(1, t)",
        "-2*u_xt(0, t) + d(x*u(0, t), t) - 1",
    ]
    assert [e.kind for e in problem.conditions[1:]] == ["periodic", "boundary", "boundary"]


def test_a_field_applied_to_its_own_coordinates_is_the_field() -> None:
    assert equation("u_t(x, t) = u_xx(x, t)", "x in [0, 1]; t in [0, 1]\n") == "u_t - u_xx"


# -------------------------------------------------------------------- exact solutions


def test_exact_values_are_those_of_the_left_side() -> None:
    text = """x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = exact
u_x(0, t) + 2*u(0, t) = exact
on x = 1: dn(u) = exact
exact u = exp(-t)*x^2
"""
    problem = parse(text)
    assert conditions(problem) == [
        "initial | u(x, 0) | u(x, 0) - exp(-t)*x^2",
        "boundary | u_x(0, t) + 2*u(0, t) | u_x(0, t) + 2*u(0, t) - (d(exp(-t)*x^2, x) + 2*(exp(-t)*x^2))",
        "boundary | dn(u) on x = 1 | u_x(1, t) - d(exp(-t)*x^2, x)",
    ]


def test_source_is_a_term() -> None:
    problem = parse("x in [0, 1]\n-u_xx = source(exact)\non boundary: u = exact\nexact u = sin(x)")
    assert residuals(problem) == ["-u_xx - source(exact)"]
    vector = parse(f"field U[2]\n{PLANE}laplacian(U) = source(exact)\non boundary: U = exact\nexact U = (x, y)")
    assert residuals(vector) == ["U_xx[1] + U_yy[1] - source(exact)", "U_xx[2] + U_yy[2] - source(exact)"]
    assert [to_text(e, vector) for e in vector.exact if e] == ["x", "y"]


# -------------------------------------------------------------------- the rest


def test_integrals_options_and_regions_are_kept() -> None:
    text = f"""{PLANE}region hole = disk((0.5, 0.5), 0.2)
laplacian(u) = 1
on boundary: dn(u) = 0
on hole: u = 1
integral(u) = 2
option tolerance = 1e-8
option method = gauss_newton
"""
    problem = parse(text)
    assert [(to_text(i.expression, problem), to_text(i.value, problem)) for i in problem.integrals] == [("u", "2")]
    assert [region.description for region in problem.regions] == ["region hole", "conditions on hole"]
    assert [(name, str(value)) for name, value, _ in problem.options] == [("tolerance", "1/100000000"), ("method", "gauss_newton")]


def test_a_shaped_domain_has_the_bounds_of_its_shape() -> None:
    problem = parse("(x, y) in disk((1, 2), 0.5) | rectangle((0, 0), (1, 1))\nlaplacian(u) = 1\non boundary: u = 0")
    bounds = [(evaluate(c.lower, Values()), evaluate(c.upper, Values())) for c in problem.coordinates]
    assert bounds == [(0.0, 1.5), (0.0, 2.5)]
    assert problem.regions


def test_options_are_those_of_the_solver() -> None:
    from dataclasses import fields

    from pdelang.language.passes.options import OPTIONS
    from pdelang.runtime.options import SolveOptions

    assert set(OPTIONS) <= {field.name for field in fields(SolveOptions)}


def test_data_are_read_beside_the_program(tmp_path: Path) -> None:
    (tmp_path / "obs.csv").write_text("t,u,x\n0.5,1,0.25\n\n1,2,0.5\n")
    path = tmp_path / "heat.pde"
    path.write_text(HEAT + 'data u from "obs.csv" weight 2*5')
    data = load(path).data
    assert [(d.field, d.path, d.weight, d.rows) for d in data] == [(0, "obs.csv", 10.0, ((0.25, 0.5, 1.0), (0.5, 1.0, 2.0)))]


def test_the_name_is_the_stem_unless_stated(tmp_path: Path) -> None:
    path = tmp_path / "heat.pde"
    path.write_text(HEAT)
    assert load(path).name == "heat"
    assert parse(f'problem rod "A rod"\n{HEAT}').title == "A rod"


def test_no_heavy_library_is_needed() -> None:
    import subprocess
    import sys

    program = "import sys, pdelang.language.semantics, pdelang.language.summary; print({'sympy', 'jax', 'numpy'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"


# -------------------------------------------------------------------- printing


def interior_expressions() -> Iterator[tuple[Problem, Equation]]:
    for path in EXAMPLES:
        problem = load(path)
        yield from ((problem, e) for e in problem.equations)


def test_printed_equations_read_back_as_the_same() -> None:
    """The text of an equation is a program's text: what is printed, parsed and printed again is what was printed. `- (a + b)` is one
    term, of an operator say; read as text it is two, and from then on the same."""
    for problem, e in interior_expressions():
        if any(isinstance(n, Apply) and n.function == "source" for term in e.terms for n in algebra.walk(term.expression)):
            continue
        again = parse(_as_program(problem, e))
        printed, twice = residual_text(problem, e), residual_text(again, again.equations[0])
        assert twice == printed or (" - (" in printed and len(again.equations[0].terms) > len(e.terms))
        thrice = parse(_as_program(again, again.equations[0]))
        assert residual_text(thrice, thrice.equations[0]) == twice


def _as_program(problem: Problem, e: Equation) -> str:
    lines = [f"{'time ' if c.time else ''}{c.name} in [0, 1] periodic" for c in problem.coordinates]
    vectors = {f.vector: sum(g.vector == f.vector for g in problem.fields) for f in problem.fields if f.vector}
    lines += [f"field {name}[{size}]" for name, size in vectors.items()]
    lines += [f"field {f.name}" for f in problem.fields if not f.vector]
    lines += [f"param {p.name} in [1, 2]" for p in problem.parameters]
    # As many equations as fields; the others only have to hold the fields that are left.
    held = " + ".join(f.name for f in problem.fields)
    lines += [f"{residual_text(problem, e)} = 0", *[f"{held} = {i}" for i in range(len(problem.fields) - 1)]]
    return "\n".join(lines)


BRACKETS = ["-x^2", "(-x)^2", "x^-1", "(x^2)^3", "x^2^3", "x/(y*2)", "x/y/2", "x - (y - 1)", "-(x + y)", "2*(-x)", "-2*x^2", "0.1", "1/3"]


@pytest.mark.parametrize("text", BRACKETS)
def test_brackets_are_printed_where_they_matter(text: str) -> None:
    names = parse(f"{PLANE}u_x = {text}\nexact u = {text}")
    expression = names.exact[0]
    assert expression is not None
    again = parse(f"{PLANE}u_x = 1\nexact u = {to_text(expression, names)}").exact[0]
    assert again is not None
    point = Values((0.3, 0.7))
    assert evaluate(again, point) == evaluate(expression, point)


def nodes() -> list[Expr]:
    return [Constant("pi"), Coordinate(0), Parameter(0), Jet(0, (1,)), Derivative(Apply("pow", (Jet(0, (0,)), Coordinate(0))), (1,))]


def test_every_kind_of_node_prints() -> None:
    problem = parse("x in [0, 1]\nparam c in [0, 1]\nu_x = c\nu(0) = 0")
    assert [to_text(node, problem) for node in nodes()] == ["pi", "x", "c", "u_x", "d(u^x, x)"]


def test_a_number_at_the_end_of_the_range_is_printed_shortly() -> None:
    problem = parse("x in [0, 1e300]\nu_x = 1e300*u\nu(0) = 1\n")
    assert residuals(problem) == ["u_x - 1e+300*u"]
    assert "1e+300" in summary(problem)
    assert "000000" not in summary(problem)


def test_a_number_is_not_taken_for_an_open_file(tmp_path: Path) -> None:
    with (tmp_path / "a.pde").open("w") as other:
        with pytest.raises(TypeError):
            load(other.fileno())  # type: ignore[arg-type]
        other.write("still open")
    assert (tmp_path / "a.pde").read_text() == "still open"
