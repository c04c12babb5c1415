"""Compact action: neighbour lists, the sparse basis with any covariance, the frontal factorisation, and problems solved with them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from pdelang.runtime.collocation import System
from pdelang.runtime.gaussians import jet_basis
from pdelang.runtime.layout.neighbours import ROUNDING_CUT, Kernels, cut_for, sparse_basis
from pdelang.runtime.layout.scattered import expanded, grid_layout
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import silent
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.frontal import CHUNK, FrontalFactor, Sweep, best_sweep
from pdelang.runtime.solve.least_squares import least_squares
from tests.runtime import handmade
from tests.runtime.test_scattered_methods import parameters, relative_error


def cloud(kernels: int, d: int, periodic: tuple[bool, ...], seed: int = 0, sheared: bool = True) -> Kernels:
    rng = np.random.default_rng(seed)
    shears = rng.normal(size=(kernels, d * (d - 1) // 2)) * sheared
    return Kernels(rng.uniform(-1.1, 1.1, (kernels, d)), rng.uniform(0.02, 0.1, (kernels, d)), shears, periodic)


@pytest.mark.parametrize("periodic", [(False,), (False, False), (True, False), (False, False, False)], ids=len)
@pytest.mark.parametrize("sheared", [False, True])
def test_the_sparse_basis_is_the_basis_within_its_cut(periodic: tuple[bool, ...], sheared: bool) -> None:
    d = len(periodic)
    kernels = cloud(60, d, periodic, sheared=sheared)
    z = np.random.default_rng(1).uniform(-1, 1, (200, d))
    orders = [o for o in product(range(3), repeat=d) if sum(o) <= 2]
    expected = jet_basis(kernels.centres, kernels.scales, kernels.shears, periodic, z, orders)
    for o, found, dense in zip(orders, sparse_basis(kernels, z, orders, ROUNDING_CUT), expected):
        assert found.nnz < 0.7 * dense.size, o
        np.testing.assert_allclose(found.toarray(), dense, atol=1e-12 * np.abs(dense).max())


def test_what_the_cut_leaves_out_is_four_digits_below_the_tolerance() -> None:
    kernels = cloud(200, 2, (False, False))
    z = np.random.default_rng(1).uniform(-1, 1, (500, 2))
    (found,) = sparse_basis(kernels, z, [(0, 0)], cut_for(1e-4))
    dense = jet_basis(kernels.centres, kernels.scales, kernels.shears, (False, False), z, [(0, 0)])[0]
    assert 0 < np.abs(found.toarray() - dense).max() <= 1.0001e-8


def test_many_kernels_are_summed_by_neighbours_to_rounding() -> None:
    kernels = cloud(2100, 2, (True, False))
    weights = np.random.default_rng(2).normal(size=(2, 2100))
    expansion = expanded(kernels, weights, np.array([0.0, 1.0]), np.array([2.0, 5.0]))
    points = np.random.default_rng(3).uniform((0, 1), (2, 5), (50, 2))
    few = []
    for k in (slice(0, 1000), slice(1000, 2100)):
        part = Kernels(kernels.centres[k], kernels.scales[k], kernels.shears[k], kernels.periodic)
        few.append(expanded(part, weights[:, k], expansion.lower, expansion.upper))
    indices = [(0, (0, 0)), (1, (1, 1)), (0, (2, 0))]
    expected = few[0].jets(points, indices) + few[1].jets(points, indices)
    np.testing.assert_allclose(expansion.jets(points, indices), expected, atol=1e-12 * np.abs(expected).max())


# ---------------------------------------------------------------- the frontal method


def banded(rows: int, columns: int, seed: int = 0) -> tuple[csr_array, np.ndarray]:
    """Gaussians on a line, every tenth as wide as twenty: columns that leave the front out of the order in which they came."""
    rng = np.random.default_rng(seed)
    x, centres = rng.uniform(0, 1, rows), np.linspace(0, 1, columns)
    widths = np.where(np.arange(columns) % 10 == 0, 20.0, 1.0) / columns
    s = (x[:, None] - centres) / widths
    return csr_array(np.where(np.abs(s) < 6, np.exp(-0.5 * s * s), 0.0)), np.stack([x, rng.uniform(0, 1, rows)], axis=1)


def test_the_sweep_goes_along_the_line() -> None:
    matrix, places = banded(4 * CHUNK, 500)
    good, bad = Sweep.along(matrix, places[:, 0]), Sweep.along(matrix, places[:, 1])
    assert best_sweep(matrix, places).operations == good.operations < 0.5 * bad.operations
    assert bad.fronts().max() == 500


def test_the_frontal_factor_solves_the_ridged_least_squares_problem() -> None:
    matrix, places = banded(3 * CHUNK + 17, 400)
    first, second = np.random.default_rng(1).normal(size=(2, matrix.shape[0]))
    factor, dense = FrontalFactor(matrix, places, first, ridge=1e-6), RidgeFactor(np.asfortranarray(matrix.toarray()), ridge=1e-6)
    for right in (first, second, first):
        np.testing.assert_allclose(factor.solve(right), dense.solve(right), rtol=0, atol=1e-7 * np.abs(dense.solve(right)).max())


def test_without_room_for_reflectors_another_right_hand_side_costs_another_factorisation(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, places = banded(900, 100)
    first, second = np.random.default_rng(1).normal(size=(2, 900))
    expected = FrontalFactor(matrix, places, first).solve(second)
    monkeypatch.setattr("pdelang.runtime.solve.frontal.KEPT", 0)
    np.testing.assert_array_equal(FrontalFactor(matrix, places, first).solve(second), expected)


def test_a_column_that_no_row_touches_has_no_weight() -> None:
    matrix = csr_array(np.array([[1.0, 0, 0], [0, 0, 2.0], [1.0, 0, 1.0]]))
    found = FrontalFactor(matrix, np.arange(3.0)[:, None], np.array([1.0, 2.0, 2.0])).solve(np.array([1.0, 2.0, 2.0]))
    np.testing.assert_allclose(found, [1, 0, 1], atol=1e-12)


# ---------------------------------------------------------------- solving


def test_sparse_and_dense_assembly_agree() -> None:
    """Two fields, products of jets: the matrix of one layout, by neighbours and by tables."""
    compiled = handmade.kovasznay()
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds({}))
    from pdelang.runtime.solve.box import Problem, build_rows, guess_jets

    problem = Problem(compiled, parameters(compiled), SolveOptions(), lower, upper)
    layout = grid_layout((9, 9), (False, False), cut=9.0)
    rows = build_rows(problem, layout, lower, upper, None)
    sparse = System(layout, problem.fields, lower, upper, rows)
    dense = System(grid_layout((9, 9), (False, False), cut=9.0), problem.fields, lower, upper, rows)
    object.__setattr__(dense.layout, "cut", None)
    dense.bases = dense._tables()
    _, partials = sparse.linearise(guess_jets(problem, rows, None, None))
    for system in (sparse, dense):
        system.balance(partials)
    assert sparse.compact
    assert not dense.compact
    np.testing.assert_allclose(sparse.scales, dense.scales, rtol=1e-10)
    expected = dense.matrix(partials)
    np.testing.assert_allclose(sparse.sparse_matrix(partials).toarray(), expected, atol=1e-10 * np.abs(expected).max())


def test_more_kernels_than_a_dense_solve_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Helmholtz on 1,600 kernels where dense solves stop at 900: within the tolerance, and the estimate within ten of the error."""
    monkeypatch.setattr("pdelang.runtime.solve.plan.UNKNOWNS", 900)
    monkeypatch.setattr("pdelang.runtime.solve.plan.COMPACT_WORTH", 1.0)
    compiled = handmade.helmholtz()
    result = least_squares(compiled, {}, SolveOptions(kernels=1600, time_limit=600), silent)
    assert result.representation is not None
    assert 1300 < result.representation.kernels < 1900
    error = relative_error(compiled, result, {}).max()
    assert error < 1e-7
    assert result.error_estimate is not None
    assert 0.1 * error < result.error_estimate[0] / 0.5 < 1e-6
