"""exponax (Koehler): Fourier series and exponential time differencing of order 2 to 4, compiled by JAX. A setting: modes, steps in all.

Version 0.2 keeps the real part alone of the scheme's coefficients (etdrk/, `.real`), which holds for real symbols; on KdV, whose symbol is
imaginary, it converges with the first order only.
"""

from __future__ import annotations

from typing import Any

import exponax as ex
import jax
import jax.numpy as jnp
import numpy as np

from rivals import Answer, Runs, Solver
from rivals.problems import BETA, DELTA, DIFFUSIVITY, NU, RATE, times

jax.config.update("jax_enable_x64", True)
GENERIC = ex.stepper.generic


def burgers(n: int, dt: float) -> Any:
    return GENERIC.GeneralConvectionStepper(1, 2.0, n, dt, linear_coefficients=(0.0, 0.0, NU), conservative=True, order=4)


def kdv(n: int, dt: float) -> Any:
    return GENERIC.GeneralConvectionStepper(1, 2.0, n, dt, linear_coefficients=(0.0, 0.0, 0.0, -DELTA), conservative=True, order=4)


def allen_cahn(n: int, dt: float) -> Any:
    return GENERIC.GeneralPolynomialStepper(
        1, 2.0, n, dt, linear_coefficients=(RATE, 0.0, DIFFUSIVITY), polynomial_coefficients=(0.0, 0.0, 0.0, -RATE),
        dealiasing_fraction=0.5, order=4,
    )  # fmt: skip


def kuramoto_sivashinsky(n: int, dt: float) -> Any:
    linear = (0.0, 0.0, -0.5, 0.0, -0.005)
    return GENERIC.GeneralConvectionStepper(1, 2.0, n, dt, linear_coefficients=linear, convection_scale=5.0, conservative=True, order=4)


def convection(n: int, dt: float) -> Any:
    return GENERIC.GeneralLinearStepper(1, 2 * np.pi, n, dt, linear_coefficients=(0.0, -BETA))


PROBLEMS = {
    "burgers": (burgers, -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "kdv": (kdv, -1.0, 2.0, lambda x: np.cos(np.pi * x)),
    "allen_cahn": (allen_cahn, -1.0, 2.0, lambda x: x**2 * np.cos(np.pi * x)),
    "kuramoto_sivashinsky_regular": (kuramoto_sivashinsky, -1.0, 2.0, lambda x: -np.sin(np.pi * x)),
    "convection": (convection, 0.0, 2 * np.pi, np.sin),
}
GRIDS = {
    "burgers": ((256, 100), (512, 100), (512, 400), (1024, 400), (1280, 400), (1536, 800), (2048, 1600), (2048, 6400)),
    "kdv": ((128, 400), (128, 1600), (192, 3200), (256, 6400), (256, 12800), (384, 25600)),
    "allen_cahn": ((256, 100), (512, 100), (512, 400), (1024, 400), (2048, 800), (4096, 1600), (8192, 3200)),
    "kuramoto_sivashinsky_regular": ((64, 200), (128, 400), (128, 1600), (256, 6400)),
    "convection": ((16, 100), (64, 100)),
}


def prepared(name: str, setting: tuple[int, int]) -> Solver:
    n, steps = setting
    make, lower, period, start = PROBLEMS[name]
    outputs = len(times(name)) - 1
    inner = max(1, steps // outputs)
    stepper = make(n, 1.0 / (outputs * inner))
    x = lower + period * np.arange(n) / n
    march = jax.jit(ex.rollout(ex.RepeatedStepper(stepper, inner) if inner > 1 else stepper, outputs, include_init=True))
    begin = jnp.asarray(start(x))[None]
    return lambda: Answer((x, times(name)), np.asarray(march(begin))[:, 0].T, period)


RUNS: Runs = {name: ("exponax", GRIDS[name], lambda setting, name=name: prepared(name, setting)) for name in PROBLEMS}
