"""Scattered kernels, weights only: manufactured solutions at fixed seeds, and what a solve must not do (recompile, refactor, pretend)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, silent
from pdelang.runtime.solve.box import Problem
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.gauss_newton import gauss_newton
from pdelang.runtime.solve.least_squares import Linear, least_squares
from pdelang.runtime.solve.march import march
from pdelang.runtime.solve.plan import Run
from pdelang.runtime.status import Status
from pdelang.runtime.validation import blame, decide, validate
from tests.runtime import handmade
from tests.runtime.handmade import J, equation, nan, problem


def parameters(compiled: CompiledProblem) -> dict[str, float]:
    return {p.name: p.default[0] for p in compiled.problem.parameters}


def relative_error(compiled: CompiledProblem, result: MethodResult, params: dict[str, float], n: int = 41) -> np.ndarray:
    """Relative L2, one a field, on a fine grid."""
    lower, upper = compiled.bounds(params)
    axes = [np.linspace(a, b, n) for a, b in zip(lower, upper)]
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    assert compiled.exact is not None
    assert result.representation is not None
    exact = np.asarray(compiled.exact(points, params))
    found = result.representation.jets(points, [(f, (0,) * len(lower)) for f in range(len(exact))])
    return np.linalg.norm(found - exact, axis=1) / np.linalg.norm(exact, axis=1)


@pytest.mark.parametrize(
    ("make", "method", "bound"),
    [
        (handmade.convection, least_squares, 1e-8),
        (handmade.heat, least_squares, 1e-9),
        (handmade.wave, least_squares, 1e-9),
        (handmade.helmholtz, least_squares, 1e-8),
        (handmade.kovasznay, gauss_newton, 1e-7),
    ],
)
def test_exact_solutions_are_found_and_certified(
    make: Callable[[], CompiledProblem], method: Callable[..., MethodResult], bound: float
) -> None:
    compiled = make()
    params, options = parameters(compiled), SolveOptions(tolerance=1e-6, time_limit=600)
    result = method(compiled, params, options, silent)
    certificate = validate(compiled, params, result, options.tolerance)
    assert certificate is not None
    assert decide(result, certificate) is Status.CONVERGED
    error = relative_error(compiled, result, params)
    assert error.max() < bound
    for estimate, true in zip(certificate.error_estimate.values(), error):
        assert estimate > 0.3 * true  # an estimate that promises more than there is would be worthless


def test_burgers_before_and_after_the_front_has_formed() -> None:
    compiled = handmade.burgers()
    params = {"nu": 0.05}
    result = gauss_newton(compiled, params, SolveOptions(tolerance=1e-3, time_limit=600), silent)
    assert decide(result, validate(compiled, params, result, 1e-3)) is Status.CONVERGED
    x, t = np.linspace(-1, 1, 101), np.linspace(0.1, 1, 10)
    assert result.representation is not None
    found = result.representation.grid_jets([x, t], [(0, (0, 0))])[0]
    exact = handmade.cole_hopf(x, t, 0.05)
    assert np.linalg.norm(found - exact) < 1e-4 * np.linalg.norm(exact)


# ---------------------------------------------------------------- conditions


def rod(conditions: list, where: object = None) -> CompiledProblem:
    """u'' + pi^2 sin(pi x) = 0 on [0, 1]: u = sin(pi x) + 2 + x."""
    source = lambda x: jnp.pi**2 * jnp.sin(jnp.pi * x[0])
    e = equation("rod", "interior", [J(2)], lambda j, x, c: (j[0], source(x)), lambda c: [[nan]], where=where)
    exact = lambda x, c: (jnp.sin(jnp.pi * x[0]) + 2 + x[0])[None]
    return problem("rod", [("x", 0, 1)], [e], conditions, exact=exact)


def end(kind: str, at: float, jets: list, terms: Callable) -> object:
    return equation(f"at {at}", kind, jets, terms, lambda c: [[at]])


@pytest.mark.parametrize(
    "conditions",
    [
        [end("boundary", 0.0, [J(0)], lambda j, x, c: (j[0], -2.0)), end("boundary", 1.0, [J(0)], lambda j, x, c: (j[0], -3.0))],
        [end("boundary", 0.0, [J(1)], lambda j, x, c: (j[0], -1 - jnp.pi)), end("boundary", 1.0, [J(0)], lambda j, x, c: (j[0], -3.0))],
        [
            end("boundary", 0.0, [J(0), J(1)], lambda j, x, c: (j[0], 3 * j[1], -2 - 3 * (1 + jnp.pi))),
            end("boundary", 1.0, [J(1)], lambda j, x, c: (j[0], jnp.pi - 1)),
        ],
        [end("boundary", 0.0, [J(1)], lambda j, x, c: (j[0], -1 - jnp.pi)), end("point", 0.5, [J(0)], lambda j, x, c: (j[0], -3.5))],
    ],
    ids=["Dirichlet", "Neumann", "Robin", "point value"],
)
def test_kinds_of_conditions(conditions: list) -> None:
    compiled = rod(conditions)
    result = least_squares(compiled, {}, SolveOptions(), silent)
    assert relative_error(compiled, result, {}).max() < 1e-9


def test_a_periodic_pair_ties_values_and_slopes() -> None:
    """u'' - u = -2 sin x + ... on [0, 2 pi] by pairs, not by a periodic coordinate: u = sin x."""
    e = equation("ode", "interior", [J(2), J(0)], lambda j, x, c: (j[0], -j[1], 2 * jnp.sin(x[0])), lambda c: [[nan]])
    pairs = []
    for k in (0, 1):
        jets = [J(k), J(k, place=1)]
        pairs.append(equation(f"pair {k}", "periodic", jets, lambda j, x, c: (j[0], -j[1]), lambda c: [[0.0], [2 * np.pi]]))
    compiled = problem("pair", [("x", 0, 2 * np.pi)], [e], pairs, exact=lambda x, c: jnp.sin(x[0])[None])
    assert relative_error(compiled, least_squares(compiled, {}, SolveOptions(), silent), {}).max() < 1e-9


def test_where_splits_an_equation() -> None:
    """-u'' = 1 left of the middle, -u'' = 0 right of it; u(0) = u(1) = 0: a parabola, then a line, slopes equal."""
    left = equation("left", "interior", [J(2)], lambda j, x, c: (j[0], 1.0), lambda c: [[nan]], where=lambda x, c: x[:, 0] < 0.5)
    right = equation("right", "interior", [J(2)], lambda j, x, c: (j[0],), lambda c: [[nan]], where=lambda x, c: x[:, 0] >= 0.5)
    ends = [end("boundary", a, [J(0)], lambda j, x, c: (j[0],)) for a in (0.0, 1.0)]
    exact = lambda x, c: jnp.where(x[0] < 0.5, 3 / 8 * x[0] - x[0] ** 2 / 2, (1 - x[0]) / 8)[None]
    compiled = problem("split", [("x", 0, 1)], [left, right], ends, exact=exact)
    result = least_squares(compiled, {}, SolveOptions(kernels=120), silent)
    assert relative_error(compiled, result, {}).max() < 2e-2  # a jump in u'' limits smooth kernels


# ---------------------------------------------------------------- cost


def test_like_slabs_share_one_factorisation() -> None:
    compiled = handmade.heat()
    made: list[Linear] = []

    def strategy() -> Linear:
        made.append(Linear())
        return made[-1]

    options = SolveOptions(slabs=6, kernels=400)
    lower, upper = compiled.bounds({})
    march(Run(Problem(compiled, {"k": 1.0}, options, lower, upper), strategy, silent))
    assert [m.factorisations for m in made] == [1, 1]


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    seen: list[str] = []
    listening = [True]

    def listen(event: str, duration: float, **_: object) -> None:
        if listening[0] and event == "/jax/core/compile/jaxpr_to_mlir_module_duration":
            seen.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seen
    listening[0] = False


def test_nothing_compiles_for_another_parameter_size_or_slab(compilations: list[str]) -> None:
    compiled = handmade.heat()

    def run(k: float, **options: object) -> None:
        result = least_squares(compiled, {"k": k}, SolveOptions(**options), silent)  # type: ignore[arg-type]
        validate(compiled, {"k": k}, result, 1e-6)

    run(1.0, slabs=2, kernels=300)
    assert compilations
    compilations.clear()
    run(0.3, slabs=5, kernels=420)
    assert not compilations


def test_a_ridge_factor_solves_least_squares() -> None:
    rng = np.random.default_rng(0)
    matrix, right = rng.normal(size=(60, 20)) * np.geomspace(1e-6, 1e6, 20), rng.normal(size=60)
    expected = np.linalg.lstsq(matrix / np.linalg.norm(matrix, axis=0), right)[0] / np.linalg.norm(matrix, axis=0)
    factor = RidgeFactor(np.array(matrix, order="F"))
    np.testing.assert_allclose(factor.solve(right), expected, rtol=1e-9)
    np.testing.assert_allclose(factor.solve(2 * right), 2 * expected, rtol=1e-9)


def test_a_ridge_factor_keeps_the_weights_of_a_singular_matrix_bounded() -> None:
    column = np.random.default_rng(0).normal(size=(40, 1))
    solution = RidgeFactor(np.asfortranarray(np.hstack([column, column, column]))).solve(column[:, 0])
    np.testing.assert_allclose(solution.sum(), 1.0, rtol=1e-9)
    assert np.abs(solution).max() < 10


# ---------------------------------------------------------------- honesty


def test_too_few_kernels_do_not_converge_and_the_equation_is_blamed() -> None:
    compiled = handmade.helmholtz()
    result = least_squares(compiled, {}, SolveOptions(kernels=150), silent)
    certificate = validate(compiled, {}, result, 1e-6)
    assert decide(result, certificate) is Status.TOLERANCE_NOT_MET
    assert certificate is not None
    assert certificate.residual > 1e-6
    assert "estimated relative error of u" in blame(certificate)
    assert "relative residual" in blame(replace(certificate, error_estimate={}))


def test_a_small_residual_with_a_large_estimate_is_not_converged() -> None:
    compiled = handmade.heat()
    params = parameters(compiled)
    result = least_squares(compiled, params, SolveOptions(), silent)
    doubtful = replace(result, error_estimate=np.array([1e-3]))
    certificate = validate(compiled, params, doubtful, 1e-6)
    assert decide(doubtful, certificate) is Status.TOLERANCE_NOT_MET
    assert "estimated relative error of u" in blame(certificate)


def test_validation_scales_a_vanishing_condition_by_the_solution() -> None:
    """u(0, t) = 0 holds to 1e-12 of u, not to all of itself."""
    compiled = handmade.heat()
    params = parameters(compiled)
    certificate = validate(compiled, params, least_squares(compiled, params, SolveOptions(), silent), 1e-6)
    assert certificate is not None
    wall = certificate.conditions[1]
    assert wall.label == "u(0, t)"
    assert 0 < wall.relative < 1e-7
    assert len(wall.at) == 2
    assert wall.at[0] == 0.0
    assert [t.text for t in certificate.equations[0].terms] in (["term 0", "term 1"], ["term 1", "term 0"])


def test_a_value_that_is_not_finite_is_located() -> None:
    source = lambda x: jnp.where(jnp.abs(x[0] - 0.5) < 0.1, jnp.nan, 1.0)
    e = equation("hot spot", "interior", [J(2)], lambda j, x, c: (j[0], source(x)), lambda c: [[nan]])
    ends = [end("boundary", a, [J(0)], lambda j, x, c: (j[0],)) for a in (0.0, 1.0)]
    for method in (least_squares, gauss_newton):
        result = method(problem("spot", [("x", 0, 1)], [e], ends), {}, SolveOptions(), silent)
        assert result.status is Status.NON_FINITE
        assert result.message.startswith("hot spot: a value that is not finite at (0.")


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupt_keeps_the_slabs_that_are_done(after: int) -> None:
    calls: list[str] = []

    def interrupt(stage: str, fraction: float | None = None, **figures: float) -> None:
        calls.append(stage)
        if len(calls) == after:
            raise KeyboardInterrupt

    compiled = handmade.heat()
    result = least_squares(compiled, {"k": 1.0}, SolveOptions(slabs=5, kernels=300), interrupt)
    assert result.status is Status.INTERRUPTED
    if after == 1:
        assert result.representation is None
        return
    assert result.representation is not None
    assert len(result.representation.parts) == after - 1
    certificate = validate(compiled, {"k": 1.0}, result, 1e-6)
    assert decide(result, certificate) is Status.INTERRUPTED
    assert certificate is not None
    assert certificate.residual < 1e-4  # of the part that was computed


def test_the_same_seed_gives_the_same_bits() -> None:
    compiled = handmade.helmholtz()
    first, second = (least_squares(compiled, {}, SolveOptions(), silent) for _ in range(2))
    assert first.representation is not None
    assert second.representation is not None
    for name, value in first.representation.arrays().items():
        np.testing.assert_array_equal(value, second.representation.arrays()[name])
