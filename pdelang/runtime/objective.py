"""Eq. (3): L = alpha_r E|N|^2 + alpha_b E|B|^2 + alpha_0 E|u - u_0|^2 + alpha_y E|u - y|^2.

One table says which alpha an equation or condition takes; expectations are quadrature over the box (least squares) or means over
sampled points (first order). Balancing divides each equation by the size of its own operator, so that the alphas compare like with
like whatever the units: see `collocation.System.balance`.
"""

from __future__ import annotations

from pdelang.runtime.options import SolveOptions

ALPHA = {
    "interior": "alpha_residual",
    "boundary": "alpha_boundary",
    "periodic": "alpha_boundary",
    "point": "alpha_boundary",
    "initial": "alpha_initial",
    "data": "alpha_data",
}
"""Kind of an equation -> the option that weighs it."""


def alpha(kind: str, options: SolveOptions) -> float:
    return float(getattr(options, ALPHA[kind]))
