"""DeepXDE (Lu et al., 2021): the networks and settings of its own demonstrations, with Adam; its JAX backend. A setting: steps.

Seconds hold the compilation: a network is trained once.
"""

from __future__ import annotations

import os

os.environ.setdefault("DDE_BACKEND", "jax")

import deepxde as dde
import jax
import jax.numpy as jnp
import numpy as np

from rivals import Answer, Runs, Solver
from rivals.problems import BETA, DIFFUSIVITY, NU, RATE, TRUTHS, WAVES


def derivative(y: tuple[jax.Array, object], x: jax.Array, i: int, j: int | None = None) -> jax.Array:
    if j is None:
        return dde.grad.jacobian(y, x, i=0, j=i)[0]
    return dde.grad.hessian(y, x, i=i, j=j)[0]


def burgers(x: jax.Array, y: tuple[jax.Array, object]) -> jax.Array:
    return derivative(y, x, 1) + y[0] * derivative(y, x, 0) - NU * derivative(y, x, 0, 0)


def allen_cahn(x: jax.Array, y: tuple[jax.Array, object]) -> jax.Array:
    return derivative(y, x, 1) - DIFFUSIVITY * derivative(y, x, 0, 0) + RATE * (y[0] ** 3 - y[0])


def convection(x: jax.Array, y: tuple[jax.Array, object]) -> jax.Array:
    return derivative(y, x, 1) + BETA * derivative(y, x, 0)


def helmholtz(x: jax.Array, y: tuple[jax.Array, object]) -> jax.Array:
    a, b = (np.pi * w for w in WAVES)
    forcing = (1 - a**2 - b**2) * jnp.sin(a * x[..., 0:1]) * jnp.sin(b * x[..., 1:2])
    return derivative(y, x, 0, 0) + derivative(y, x, 1, 1) + y[0] - forcing


EVOLUTION = {
    "burgers": (burgers, -1.0, 1.0, lambda x: -np.sin(np.pi * x)),
    "allen_cahn": (allen_cahn, -1.0, 1.0, lambda x: x**2 * np.cos(np.pi * x)),
    "convection": (convection, 0.0, 2 * np.pi, np.sin),
}


def data(name: str) -> dde.data.Data:
    if name == "helmholtz":
        box = dde.geometry.Rectangle([-1, -1], [1, 1])
        wall = dde.icbc.DirichletBC(box, lambda x: 0, lambda _, on: on)
        return dde.data.PDE(box, helmholtz, [wall], num_domain=2500, num_boundary=400)
    residual, lower, upper, start = EVOLUTION[name]
    domain = dde.geometry.GeometryXTime(dde.geometry.Interval(lower, upper), dde.geometry.TimeDomain(0, 1))
    if name == "burgers":
        sides = [dde.icbc.DirichletBC(domain, lambda x: 0, lambda _, on: on)]
    else:
        sides = [dde.icbc.PeriodicBC(domain, 0, lambda _, on: on)]
    begin = dde.icbc.IC(domain, lambda x: start(x[:, 0:1]), lambda _, on: on)
    return dde.data.TimePDE(domain, residual, [*sides, begin], num_domain=2540, num_boundary=80, num_initial=160)


def prepared(name: str, steps: int) -> Solver:
    dde.config.set_random_seed(0)
    model = dde.Model(data(name), dde.nn.FNN([2] + [20] * 3 + [1], "tanh", "Glorot normal"))
    axes = TRUTHS[name]().axes
    points = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)

    def solve() -> Answer:
        model.compile("adam", lr=1e-3)
        model.train(iterations=steps, display_every=steps, verbose=0)
        return Answer(axes, np.asarray(model.predict(points)).reshape([len(a) for a in axes]))

    solve.once = True  # type: ignore[attr-defined]
    return solve


RUNS: Runs = {
    name: ("DeepXDE", (1000, 15000), lambda steps, name=name: prepared(name, steps))
    for name in ("burgers", "allen_cahn", "convection", "helmholtz")
}
