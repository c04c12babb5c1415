"""Compiled equations are what the text says: against the interpreter, automatic differentiation, and one another."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdelang.compiler import pipeline, values
from pdelang.compiler.compiled import CompiledProblem
from pdelang.language.expressions import Jet
from pdelang.language.semantics import parse
from tests.compiler.programs import BURGERS, MANUFACTURED, PROGRAMS, WAVE

GENERATOR = np.random.default_rng(1)


def compiled(text: str) -> CompiledProblem:
    return pipeline.compile(parse(text, "p.pde"), use_cache=False)


def arguments(c: CompiledProblem, count: int, n: int = 7) -> tuple[jax.Array, jax.Array, dict]:
    """Random jets (count, n), points in the box (n, d), and the default parameters."""
    params = c.parameters()
    lower, upper = map(np.asarray, c.bounds(params))
    points = lower + (upper - lower) * GENERATOR.uniform(0.05, 0.95, (n, len(lower)))
    return jnp.asarray(GENERATOR.standard_normal((count, n))), jnp.asarray(points), params


@pytest.fixture(scope="module", params=PROGRAMS)
def problem(request: pytest.FixtureRequest) -> CompiledProblem:
    return compiled(PROGRAMS[request.param])


def test_residual_agrees_with_the_interpreter(problem: CompiledProblem) -> None:
    built = pipeline.check(problem.problem).residual
    symbols = built.symbols
    for e, source in zip((*problem.equations, *problem.conditions), (*built.equations, *built.conditions)):
        jets, points, params = arguments(problem, len(e.jets))
        at = {symbols.jet(j): np.asarray(row) for j, row in zip(e.jets, jets)}
        at |= dict(zip(symbols.coordinates, np.asarray(points).T))
        for (i, component), s in symbols.parameters.items():
            value = params[problem.problem.parameters[i].name]
            at[s] = value if component is None else value[component]
        expected = np.stack([values.evaluate(t, at) * np.ones(7) for t in source.terms])
        np.testing.assert_allclose(e.terms(jets, points, params), expected, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(e.residual(jets, points, params), expected.sum(0), rtol=1e-12, atol=1e-12)


def test_partials_are_the_derivatives_of_the_residual(problem: CompiledProblem) -> None:
    for e in (*problem.equations, *problem.conditions):
        jets, points, params = arguments(problem, len(e.jets))
        automatic = jax.grad(lambda j, e=e, points=points, params=params: jnp.sum(e.residual(j, points, params)))(jets)
        np.testing.assert_allclose(e.partials(jets, points, params), automatic, rtol=1e-12, atol=1e-12)


def test_shapes_under_jit_and_vmap(problem: CompiledProblem) -> None:
    for e in (*problem.equations, *problem.conditions):
        jets, points, params = arguments(problem, len(e.jets))
        a, n, t = len(e.jets), 7, len(e.term_lines)
        for f, shape in ((e.residual, (n,)), (e.partials, (a, n)), (e.terms, (t, n))):
            result = jax.jit(f)(jets, points, params)
            assert result.shape == shape
            assert result.dtype == jnp.float64
        batch = {k: jnp.stack([jnp.asarray(v)] * 3) for k, v in params.items()}
        assert jax.vmap(e.residual, in_axes=(0, None, 0))(jnp.stack([jets] * 3), points, batch).shape == (3, n)
        if e.where is not None:
            assert e.where(points, params).shape == (n,)
            assert e.where(points, params).dtype == bool
        located = e.locate(params)
        assert located.shape == (max(j.place for j in e.jets) + 1, len(problem.problem.coordinates))
        assert tuple(np.flatnonzero(np.isnan(located[0]))) == e.free


def test_linear_and_constant_mean_what_they_say(problem: CompiledProblem) -> None:
    for e in (*problem.equations, *problem.conditions):
        jets, points, params = arguments(problem, len(e.jets))
        other, elsewhere, _ = arguments(problem, len(e.jets))
        partials = e.partials(jets, points, params)
        same = np.allclose(partials, e.partials(other, points, params))
        assert same if e.linear else not same
        if e.constant:
            assert np.allclose(partials, e.partials(other, elsewhere, params))


def test_the_exact_solution_has_no_residual() -> None:
    c = compiled(MANUFACTURED)
    assert c.exact is not None
    params = c.parameters(L=1.2, a=[0.3, -0.8])
    _, points, _ = arguments(c, 1)

    def u(point: jax.Array) -> jax.Array:
        return c.exact(point[None], params)[0, 0]

    value, slope, curvature = jax.jit(lambda p: (jax.vmap(u)(p), jax.vmap(jax.grad(u))(p), jax.vmap(jax.hessian(u))(p)))(points)
    jets = {(0, 0): value, (1, 0): slope[:, 0], (0, 1): slope[:, 1], (2, 0): curvature[:, 0, 0], (0, 2): curvature[:, 1, 1]}
    (e,) = c.equations
    r = e.residual(jnp.stack([jets[j.orders] for j in e.jets]), points, params)
    np.testing.assert_allclose(r, 0, atol=1e-13)


def test_parameters_reach_bounds_places_and_values() -> None:
    c = compiled(MANUFACTURED)
    params = c.parameters(L=1.25)
    assert np.allclose(c.bounds(params)[1], [1.25, 1])
    places = {e.label: np.asarray(e.locate(params))[0] for e in c.conditions}
    assert places["u on x = L"][0] == 1.25


def test_source_map() -> None:
    (e,) = compiled(BURGERS).equations
    assert e.term_lines == (5, 5, 5)
    assert e.term_texts == ("u_t", "u*u_x", "nu*u_xx")
    assert "# line 5: u*u_x" in compiled(BURGERS).source


def test_renaming_changes_names_alone() -> None:
    """The same residual whatever things are called, keywords and SymPy's names included."""
    renamed = BURGERS.replace("nu", "lambda").replace("u_t + u*u_x", "E_t + E*E_x").replace("u_xx", "E_xx")
    renamed = renamed.replace("u(", "E(")
    first, second = compiled(BURGERS), compiled(renamed)
    jets, points, params = arguments(first, 4)
    other = second.parameters(**{"lambda": params["nu"]})
    for a, b in zip((*first.equations, *first.conditions), (*second.equations, *second.conditions)):
        n = len(a.jets)
        np.testing.assert_array_equal(a.residual(jets[:n], points, params), b.residual(jets[:n], points, other))
    assert first.analysis.multi_indices == second.analysis.multi_indices


def test_compile_time_functions_do_not_depend_on_values() -> None:
    """One trace serves all values of the parameters."""
    c = compiled(BURGERS)
    (e,) = c.equations
    count = 0

    def counted(jets: jax.Array, points: jax.Array, params: dict) -> jax.Array:
        nonlocal count
        count += 1
        return e.residual(jets, points, params)

    f = jax.jit(counted)
    jets, points, _ = arguments(c, 4)
    for nu in (0.001, 0.01, 0.1):
        f(jets, points, c.parameters(nu=nu))
    assert count == 1


@pytest.mark.parametrize("stage", ["lowered", "hlo"])
def test_lowered_stages(stage: str) -> None:
    text = pipeline.emit(parse(BURGERS, "p.pde"), stage)
    assert {"lowered": "columns of W", "hlo": "stablehlo.exponential"}[stage] in text


def test_structure() -> None:
    a = compiled(WAVE).analysis
    assert (a.order, a.time_orders, a.linear, a.constant, a.conditions_linear) == (2, (2,), True, True, False)
    assert a.multi_indices == (((0, 2), (2, 0)),)
    assert a.space_orders == ((2, 2),)
    assert a.time_constant == (True,)
    b = compiled(BURGERS).analysis
    assert (b.linear, b.linear_fields, b.conditions_linear, b.conditions_constant) == (False, (False,), True, True)


def test_each_linear_field_of_a_nonlinear_system() -> None:
    text = """x in [0, 1]
    u_xx + u*v = 0
    v_xx + u^2 = 0
    on boundary: u = 1, v = 0
    """
    assert compiled(text).analysis.linear_fields == (False, True)
    assert compiled(text.replace("u^2", "u")).analysis.linear_fields == (True, True)


def test_jets_of_a_periodic_pair_have_places() -> None:
    c = compiled(WAVE)
    pair = next(e for e in c.conditions if e.kind == "periodic")
    assert pair.jets == (Jet(0, (0, 0), 0), Jet(0, (0, 0), 1))
    assert np.asarray(pair.locate(c.parameters()))[:, 0].tolist() == [0.0, 1.0]
