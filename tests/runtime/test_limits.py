"""A limit limits, in every method, and the status says that it did."""

from __future__ import annotations

import pytest

import pdelang
from pdelang.runtime.status import Status

BURGERS = """
x in [-1, 1]
t in [0, 0.1]
u_t + u*u_x = 0.05*u_xx
u(x, 0) = -sin(pi*x)
on boundary: u = 0
"""


def test_a_slab_that_stops_at_max_iterations_is_said() -> None:
    solution = pdelang.solve(pdelang.parse(BURGERS), method="gauss_newton", max_iterations=1, tolerance=1e-3, slabs=1, kernels=100)
    assert solution.status is Status.ITERATION_LIMIT
    assert "the iteration is not done after 1 step (option max_iterations)" in solution.message
    assert solution.iterations <= 2  # one a pass


@pytest.mark.parametrize(
    ("method", "settings"),
    [("least_squares", {}), ("levenberg_marquardt", {"kernels": 16})],
)
def test_scattered_methods_stop_at_the_time_limit(method: str, settings: dict[str, int]) -> None:
    text = BURGERS.replace("u*u_x", "x*u_x") if method == "least_squares" else BURGERS
    solution = pdelang.solve(pdelang.parse(text), method=method, tolerance=1e-12, time_limit=0.1, **settings)
    assert solution.status is Status.ITERATION_LIMIT
    assert "out of time (option time_limit)" in solution.message
