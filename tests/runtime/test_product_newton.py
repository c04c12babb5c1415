"""The method `product` on problems with known solutions: error, estimate, status; every kind of condition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.layout.product import tensor_points
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, silent
from pdelang.runtime.solve.product.newton import product_newton, supports
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.status import Status
from tests.runtime import handmade, handmade_product


def parameters(compiled: CompiledProblem) -> dict[str, float]:
    return {p.name: float(p.default[0]) for p in compiled.problem.parameters}


def solve(compiled: CompiledProblem, tolerance: float, progress: Any = silent) -> MethodResult:
    return product_newton(compiled, parameters(compiled), SolveOptions(tolerance=tolerance), progress)


def errors(compiled: CompiledProblem, result: MethodResult) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square of the error, and of the exact solution, a field."""
    assert compiled.exact is not None
    assert result.representation is not None
    axes = [np.linspace(a, b, 41) for a, b in zip(*compiled.bounds({}))]
    exact = np.asarray(compiled.exact(tensor_points(axes), parameters(compiled)))
    zero = (0,) * len(axes)
    u = result.representation.grid_jets(axes, [(f, zero) for f in range(len(exact))]).reshape(len(exact), -1)
    return np.sqrt(np.mean((u - exact) ** 2, axis=1)), np.sqrt(np.mean(exact**2, axis=1))


WITH_EXACT = {
    "convection": lambda: handmade_product.flagged(handmade.convection(), constant=True),
    "heat": lambda: handmade_product.flagged(handmade.heat(), constant=True),
    "wave": lambda: handmade_product.flagged(handmade.wave(), constant=True),
    "helmholtz": lambda: handmade_product.flagged(handmade.helmholtz(), constant=True),
    "string": handmade_product.string,
    **{kind: lambda kind=kind: handmade_product.decaying(kind) for kind in ("flux", "robin", "moving robin", "radiation", "dynamic")},
    "layer": handmade_product.layer,
    "two times": handmade_product.two_times,
}


@pytest.mark.parametrize("name", WITH_EXACT)
def test_error_and_estimate(name: str) -> None:
    """Converged; the true error within the tolerance; the estimate within a factor of 10 of it, or of rounding."""
    tolerance = 1e-6 if name == "layer" else 1e-8  # rounding in eps u_xx stands in the way of more
    compiled = WITH_EXACT[name]()
    result = solve(compiled, tolerance)
    assert result.status is Status.CONVERGED, result.message
    error, size = errors(compiled, result)
    assert (error < tolerance * size).all(), error / size
    assert result.error_estimate is not None
    floor = 1e-12 * size
    assert (result.error_estimate < 10 * np.maximum(error, floor)).all()
    assert (np.maximum(result.error_estimate, floor) > error / 10).all()


@pytest.mark.parametrize("name", ["convection", "heat", "wave", "helmholtz"])
def test_tight_tolerance(name: str) -> None:
    compiled = WITH_EXACT[name]()
    result = solve(compiled, 1e-10)
    error, size = errors(compiled, result)
    assert result.status is Status.CONVERGED, result.message
    assert (error < 1e-10 * size).all()


def test_burgers_against_cole_hopf() -> None:
    nu = 0.05
    result = solve(handmade_product.burgers(nu), 1e-7)
    assert result.status is Status.CONVERGED
    x = np.linspace(-0.95, 0.95, 39)
    for t in (0.3, 1.0):
        u = result.representation.grid_jets([x, np.array([t])], [(0, (0, 0))])[0, :, 0]  # type: ignore[union-attr]
        assert np.abs(u - handmade_product.burgers_exact(nu, x, t)).max() < 1e-7


def test_second_solve_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layouts, slabs and parameters change; the two compiled functions and their shapes do not."""
    from pdelang.runtime.solve.product.program import Program

    compiled = handmade_product.burgers(0.05)
    solve(compiled, 1e-4)
    interior, faces = Program(compiled, parameters(compiled))._jitted
    before = interior._cache_size(), faces._cache_size()
    product_newton(compiled, {"nu": 0.08}, SolveOptions(tolerance=1e-6), silent)
    assert (interior._cache_size(), faces._cache_size()) == before
    assert before == (1, 1)


def test_ill_posed_is_never_converged() -> None:
    result = solve(handmade_product.backward_heat(), 1e-4)
    assert result.status is not Status.CONVERGED
    assert result.message


FAR_FROM_ZERO = """
x in [0, 1]; y in [0, 1]
-laplacian(u) + u_x^2 + u_y^2 = source(exact)
on boundary: u = exact
exact u = 1 + x^2*y + sin(x)
"""


def test_damped_where_newton_fails_from_zero() -> None:
    solution = pdelang.solve(pdelang.parse(FAR_FROM_ZERO))
    assert solution.status is Status.CONVERGED
    assert solution.relative_l2["u"] < 1e-10


def test_a_missing_initial_condition_is_said() -> None:
    compiled = WITH_EXACT["wave"]()
    without = replace(compiled, conditions=tuple(c for c in compiled.conditions if c.label != "u_t(x, 0)"), key="wave_without_slope")
    result = solve(without, 1e-6)
    assert result.representation is None
    assert "no initial condition gives u_t" in result.message


def test_interrupted_keeps_what_was_computed() -> None:
    calls = []

    def stop(stage: str, fraction: float | None = None, **figures: float) -> None:
        calls.append(stage)
        if len(calls) == 4:
            raise KeyboardInterrupt

    result = solve(WITH_EXACT["convection"](), 1e-6, stop)
    assert result.status is Status.INTERRUPTED
    assert result.representation is not None


def test_jets_on_points_and_grids_agree_and_survive_storage() -> None:
    compiled = WITH_EXACT["wave"]()
    representation = solve(compiled, 1e-9).representation
    assert isinstance(representation, Slabs)
    axes = [np.linspace(0.05, 0.95, 5), np.linspace(0.1, 1.9, 6)]
    points = tensor_points(axes)
    indices = [(0, (0, 0)), (0, (1, 0)), (0, (0, 1)), (0, (0, 2)), (0, (0, 3)), (0, (2, 1))]
    grid = representation.grid_jets(axes, indices).reshape(len(indices), -1)
    scattered = representation.jets(points, indices)
    k = 2 * np.pi
    s, c, S, C = np.sin(k * points[:, 0]), np.cos(k * points[:, 0]), np.sin(k * points[:, 1]), np.cos(k * points[:, 1])
    exact = np.array([s * C, k * c * C, -k * s * S, -(k**2) * s * C, k**3 * s * S, k**3 * s * S])
    size = np.abs(exact).max(axis=1, keepdims=True)
    assert np.abs((grid - scattered) / size).max() < 1e-8
    assert (np.abs(grid - exact) / size).max(axis=1)[:4].max() < 1e-6
    part = representation.parts[0]
    assert isinstance(part, ProductExpansion)
    again = ProductExpansion.from_arrays(part.arrays())
    early = points[points[:, 1] < 0.2]
    assert np.array_equal(again.jets(early, indices), part.jets(early, indices))


def test_supports_boxes_only() -> None:
    compiled = WITH_EXACT["heat"]()
    assert supports(compiled)
    assert not supports(replace(compiled, problem=replace(compiled.problem, integrals=(None,))))  # type: ignore[arg-type]


def heat_with(**values: Any) -> MethodResult:
    compiled = WITH_EXACT["heat"]()
    return product_newton(compiled, parameters(compiled), SolveOptions(**values), silent)


def test_slabs_are_as_many_as_asked_for() -> None:
    representation = heat_with(tolerance=1e-5, slabs=7).representation
    assert isinstance(representation, Slabs)
    edges = [part.begin for part in representation.parts]  # type: ignore[attr-defined]
    assert len(edges) == 7
    assert np.allclose(np.diff(edges), edges[1] - edges[0])


def test_kernels_are_as_many_as_asked_for() -> None:
    """Too few for a narrow pulse: the layout stays, and the status says that it is not enough."""
    compiled = handmade_product.burgers(0.01)
    few = product_newton(compiled, {"nu": 0.01}, SolveOptions(tolerance=1e-8, kernels=30, slabs=20), silent)
    assert few.status is not Status.CONVERGED
    assert isinstance(few.representation, Slabs)
    assert {len(part.axes[0].centres) for part in few.representation.parts} == {30}  # type: ignore[attr-defined]


def test_iterations_are_limited() -> None:
    compiled = handmade_product.burgers(0.05)
    result = product_newton(compiled, {"nu": 0.05}, SolveOptions(tolerance=1e-8, slabs=4, max_iterations=1), silent)
    assert result.status is Status.ITERATION_LIMIT
    assert "max_iterations" in result.message


def test_out_of_time_says_so() -> None:
    compiled = handmade_product.burgers(0.002)
    result = product_newton(compiled, {"nu": 0.002}, SolveOptions(tolerance=1e-9, time_limit=0.1), silent)
    assert result.status is Status.ITERATION_LIMIT
    assert "time_limit" in result.message


def test_a_shock_is_said_to_be_one() -> None:
    """Without viscosity u_x is infinite at t = 1/pi."""
    result = product_newton(handmade_product.burgers(0.0), {"nu": 0.0}, SolveOptions(tolerance=1e-2), silent)
    assert result.status is Status.STAGNATED
    assert "gradients grow beyond every bound" in result.message
