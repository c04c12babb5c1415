"""More compiled problems made by hand, for product layouts: every kind of condition that a face can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from tests.runtime.handmade import J, equation, nan, problem


def flagged(compiled: CompiledProblem, *, constant: bool) -> CompiledProblem:
    """What the compiler would say: conditions with constant coefficients, and equations too or not."""
    return replace(
        compiled,
        equations=tuple(replace(e, constant=constant) for e in compiled.equations),
        conditions=tuple(replace(c, constant=c.linear) for c in compiled.conditions),
    )


def at(label: str, kind: str, jets: Sequence[Any], terms: Any, row: Sequence[float], **options: Any) -> CompiledEquation:
    return equation(label, kind, jets, terms, lambda c: [list(row)], **options)


def value(field_value: Any, row: Sequence[float], kind: str = "boundary") -> CompiledEquation:
    """u = field_value(x) at a place."""
    return at(f"u at {row}", kind, [J(*(0 for _ in row))], lambda j, x, c: (j[0], -field_value(x)), row)


def burgers(nu: float = 0.05) -> CompiledProblem:
    """u_t + u u_x = nu u_xx, u(x, 0) = -sin(pi x), walls at 0."""
    jets = [J(0, 0), J(0, 1), J(1, 0), J(2, 0)]
    e = at("Burgers", "interior", jets, lambda j, x, c: (j[1], j[0] * j[2], -c["nu"] * j[3]), [nan, nan], linear=False)
    conditions = [value(lambda x: -jnp.sin(jnp.pi * x[0]), [nan, 0.0], "initial")]
    conditions += [value(lambda x: 0.0 * x[0], [end, nan]) for end in (-1.0, 1.0)]
    box = [("x", -1.0, 1.0), ("t", 0.0, 1.0)]
    built = problem("product_burgers", box, [e], conditions, parameters={"nu": nu}, time_orders=(1,), linear=False)
    return flagged(built, constant=False)


def burgers_exact(nu: float, x: np.ndarray, t: float) -> np.ndarray:
    """Cole-Hopf, by the trapezoidal rule, which is spectrally accurate here."""
    eta = np.linspace(-4.0, 4.0, 8001)
    out = np.empty_like(x)
    for i, place in enumerate(x):
        exponent = -np.cos(np.pi * (place - eta)) / (2 * np.pi * nu) - eta**2 / (4 * nu * t)
        kernel = np.exp(exponent - exponent.max())
        out[i] = -(np.sin(np.pi * (place - eta)) * kernel).sum() / kernel.sum()
    return out


def decaying(kind: str) -> CompiledProblem:
    """u_t = u_xx, u = exp(-t) sin(x + 0.3): a Dirichlet wall at 0, another kind at 1."""
    u = lambda x: jnp.exp(-x[1]) * jnp.sin(x[0] + 0.3)
    ux = lambda x: jnp.exp(-x[1]) * jnp.cos(x[0] + 0.3)
    e = at("heat", "interior", [J(0, 1), J(2, 0)], lambda j, x, c: (j[0], -j[1]), [nan, nan])
    right = {
        "flux": ([J(1, 0)], lambda j, x, c: (j[0], -ux(x)), True, True),
        "robin": ([J(0, 0), J(1, 0)], lambda j, x, c: (j[1], 2 * j[0], -ux(x) - 2 * u(x)), True, True),
        "moving robin": ([J(0, 0), J(1, 0)], lambda j, x, c: (j[1], (1 + x[1]) * j[0], -ux(x) - (1 + x[1]) * u(x)), True, False),
        "radiation": ([J(0, 0), J(1, 0)], lambda j, x, c: (j[1], j[0] ** 4, -ux(x) - u(x) ** 4), False, False),
        "dynamic": ([J(0, 1), J(1, 0)], lambda j, x, c: (j[0], j[1], u(x) - ux(x)), True, False),
    }
    jets, terms, linear, constant = right[kind]
    wall = replace(at(f"{kind} wall", "boundary", jets, terms, [1.0, nan], linear=linear), constant=constant)
    conditions = [value(u, [nan, 0.0], "initial"), value(u, [0.0, nan])]
    exact = lambda x, c: u(x)[None]
    box = [("x", 0.0, 1.0), ("t", 0.0, 1.0)]
    built = problem(f"product_{kind}", box, [e], conditions, time_orders=(1,), linear=linear, exact=exact)
    built = flagged(built, constant=True)
    return replace(built, conditions=(*built.conditions, wall))


def string() -> CompiledProblem:
    """A wave as a system u_t = v_x, v_t = u_x with u = 0 at the left and u + v = 0 (nothing comes back) at the right."""
    profile = lambda x: jnp.exp(-150 * (x[0] - 0.45) ** 2)
    first, second = J(0, 1), J(1, 0, field=1)
    e1 = at("u_t = v_x", "interior", [first, second], lambda j, x, c: (j[0], -j[1]), [nan, nan])
    e2 = at("v_t = u_x", "interior", [J(1, 0), J(0, 1, field=1)], lambda j, x, c: (j[1], -j[0]), [nan, nan])
    conditions = [
        at("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], -profile(x)), [nan, 0.0]),
        at("v(x, 0)", "initial", [J(0, 0, field=1)], lambda j, x, c: (j[0], profile(x)), [nan, 0.0]),  # moves to the right
        at("u(0, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), [0.0, nan]),
        at("u + v at 1", "boundary", [J(0, 0), J(0, 0, field=1)], lambda j, x, c: (j[0], j[1]), [1.0, nan]),
    ]
    box = [("x", 0.0, 1.0), ("t", 0.0, 0.4)]
    exact = lambda x, c: jnp.stack([jnp.exp(-150 * (x[0] - x[1] - 0.45) ** 2), -jnp.exp(-150 * (x[0] - x[1] - 0.45) ** 2)])
    built = problem("product_string", box, [e1, e2], conditions, fields=("u", "v"), time_orders=(1, 1), exact=exact)
    return flagged(built, constant=True)


def layer(eps: float = 1e-3) -> CompiledProblem:
    """eps u'' + u' = 1, u(0) = u(1) = 0: a layer of width eps at 0."""
    e = at("layer", "interior", [J(1), J(2)], lambda j, x, c: (c["eps"] * j[1], j[0], -jnp.ones_like(x[0])), [nan])
    exact = lambda x, c: (x[0] - (1 - jnp.exp(-x[0] / c["eps"])) / (1 - jnp.exp(-1 / c["eps"])))[None]
    conditions = [value(lambda x: 0.0 * x[0], [end]) for end in (0.0, 1.0)]
    return flagged(problem("product_layer", [("x", 0.0, 1.0)], [e], conditions, parameters={"eps": eps}, exact=exact), constant=True)


def backward_heat() -> CompiledProblem:
    """u_t = -u_xx: every rounding error grows like exp(k^2 t)."""
    e = at("backward heat", "interior", [J(0, 1), J(2, 0)], lambda j, x, c: (j[0], j[1]), [nan, nan])
    conditions = [value(lambda x: jnp.sin(jnp.pi * x[0]), [nan, 0.0], "initial")]
    conditions += [value(lambda x: 0.0 * x[0], [end, nan]) for end in (0.0, 1.0)]
    return flagged(problem("product_backward", [("x", 0.0, 1.0), ("t", 0.0, 1.0)], [e], conditions, time_orders=(1,)), constant=True)


def two_times() -> CompiledProblem:
    """u_tt = -pi^2 u given at both ends of time, in x only a spectator: a condition that no march can meet."""
    u = lambda x: jnp.cos(x[0]) * jnp.sin(1.0 + jnp.pi * x[1] / 4)
    e = at("oscillator", "interior", [J(0, 2), J(0, 0)], lambda j, x, c: (j[0], (jnp.pi / 4) ** 2 * j[1]), [nan, nan])
    conditions = [value(u, [nan, 0.0], "initial"), value(u, [nan, 1.0])]
    box = [("x", 0.0, 1.0), ("t", 0.0, 1.0)]
    return flagged(problem("product_two_times", box, [e], conditions, time_orders=(2,), exact=lambda x, c: u(x)[None]), constant=True)
