"""Scattered Gaussians against automatic differentiation and against a network: `python benchmarks/kernels.py [--quick]`.

All on Burgers' equation, compiled from its text. Whatever is compared is first checked to be equal. Every ratio is taken in one run:
the programs take turns, and the table shows the ratio of medians. The last line compares jets with automatic differentiation.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

import pdelang

EXAMPLE = Path(__file__).parent.parent / "examples" / "burgers.pde"
PARAMS = {"nu": 0.01}


# ---------------------------------------------------------------- what is compared


def expansion(kernels: int, seed: int = 0, dimension: int = 2, fields: int = 1) -> dict[str, jax.Array]:
    """Random anisotropic kernels in the reference box."""
    rng = np.random.default_rng(seed)
    shears = dimension * (dimension - 1) // 2
    theta = {
        "weights": rng.normal(size=(fields, kernels)),
        "centres": rng.uniform(-1, 1, (kernels, dimension)),
        "log_scales": np.log(rng.uniform(0.1, 0.4, (kernels, dimension))),
        "shears": rng.normal(scale=0.3, size=(kernels, shears)),
    }
    return jax.tree.map(jnp.asarray, theta)


def collocation(count: int, seed: int = 1) -> jax.Array:
    rng = np.random.default_rng(seed)
    return jnp.asarray(rng.uniform((-1, 0), (1, 1), (count, 2)))


def gaussians(theta: dict[str, jax.Array], point: jax.Array) -> jax.Array:
    """u(x, t) of one point, written down as in the paper: no derivative in closed form anywhere."""
    y = jnp.stack([point[0], 2 * point[1] - 1]) - theta["centres"]
    s = jnp.stack([y[:, 0] + theta["shears"][:, 0] * y[:, 1], y[:, 1]], axis=1) * jnp.exp(-theta["log_scales"])
    return theta["weights"][0] @ jnp.exp(-0.5 * jnp.sum(s * s, axis=1))


def network(layers: Sequence[tuple[jax.Array, jax.Array]], point: jax.Array) -> jax.Array:
    hidden = point
    for weights, bias in layers[:-1]:
        hidden = jnp.tanh(hidden @ weights + bias)
    return (hidden @ layers[-1][0] + layers[-1][1])[0]


def new_network(widths: Sequence[int] = (2, 26, 26, 26, 1)) -> list[tuple[jax.Array, jax.Array]]:
    rng = np.random.default_rng(2)
    return [(jnp.asarray(rng.normal(size=(a, b)) / a**0.5), jnp.zeros(b)) for a, b in pairwise(widths)]


Field = Callable[[Any, jax.Array], jax.Array]


def nested_gradients(u: Field, theta: Any, point: jax.Array) -> jax.Array:
    """u_t + u u_x - nu u_xx at one point, the way it is usually written."""

    def at(x: jax.Array, t: jax.Array) -> jax.Array:
        return u(theta, jnp.stack([x, t]))

    x, t = point
    u_x = jax.grad(at, 0)
    return jax.grad(at, 1)(x, t) + at(x, t) * u_x(x, t) - PARAMS["nu"] * jax.grad(u_x, 0)(x, t)


def reverse_over_reverse(u: Field, theta: Any, point: jax.Array) -> jax.Array:
    value, gradient = jax.value_and_grad(u, 1)(theta, point)
    u_xx = jax.grad(lambda p: jax.grad(u, 1)(theta, p)[0])(point)[0]
    return gradient[1] + value * gradient[0] - PARAMS["nu"] * u_xx


def forward_over_reverse(u: Field, theta: Any, point: jax.Array) -> jax.Array:
    along = jnp.array([1.0, 0.0])
    (value, gradient), (_, change) = jax.jvp(lambda p: jax.value_and_grad(u, 1)(theta, p), (point,), (along,))
    return gradient[1] + value * gradient[0] - PARAMS["nu"] * change[0]


def forward_over_forward(u: Field, theta: Any, point: jax.Array) -> jax.Array:
    x, t = jnp.eye(2)
    (value, u_x), (_, u_xx) = jax.jvp(lambda p: jax.jvp(lambda q: u(theta, q), (p,), (x,)), (point,), (x,))
    u_t = jax.jvp(lambda q: u(theta, q), (point,), (t,))[1]
    return u_t + value * u_x - PARAMS["nu"] * u_xx


def mean_square(mode: Callable[..., jax.Array], u: Field) -> Callable[[Any, jax.Array], jax.Array]:
    return lambda theta, points: jnp.mean(jax.vmap(lambda p: mode(u, theta, p))(points) ** 2)


# ---------------------------------------------------------------- measuring


@cache
def busy() -> bool:
    """Whether other programs want the cores, when first asked. Wall-clock time would then say how the system shares them, and threads
    that wait for each other burn processor time too: so everything is moved to one core, and its processor time compared."""
    cores = os.sched_getaffinity(0)
    if os.getloadavg()[0] < 0.75 * len(cores):
        return False
    os.sched_setaffinity(0, {max(cores)})  # before JAX makes its threads
    return True


def seconds(programs: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], repeats: int) -> dict[str, float]:
    """Median time of a run of each program. They take turns of 50 ms or one run, so that a busy machine slows all of them; a run before
    the clock starts, because the system takes back hundreds of MiB of the program before."""

    clock = time.process_time if busy() else time.perf_counter

    def turn(run: Callable[..., Any], arguments: tuple[Any, ...], runs: int) -> float:
        jax.block_until_ready(run(*arguments))
        begin = clock()
        for _ in range(runs):
            jax.block_until_ready(run(*arguments))
        return (clock() - begin) / runs

    runs = {name: 1 + int(0.05 / turn(*program, 1)) for name, program in programs.items()}  # and compiled
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, program in programs.items():
            times[name].append(turn(*program, runs[name]))
    return {name: median(values) for name, values in times.items()}


def difference(a: Any, b: Any) -> float:
    """Largest difference of two trees, leaf by leaf relative to the largest entry."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(float(jnp.max(jnp.abs(x - y)) / jnp.max(jnp.abs(y))) for x, y in pairs)


def check_equal(a: Any, b: Any, what: str, tolerance: float = 1e-10) -> None:
    error = difference(a, b)
    if not error <= tolerance:
        raise SystemExit(f"{what}: the two differ by {error:.1e}")


Row = tuple[str, str, str, str, bool]
"""What, measured, figure, at least or at most, reached."""


def training(module: Any, repeats: int) -> list[Row]:
    """Loss and gradient, N = 4096, K = 256, against automatic differentiation and a network."""
    theta, points, layers = expansion(256), collocation(4096), new_network()
    emitted = jax.jit(jax.value_and_grad(lambda theta, points: module.loss(theta, points, PARAMS)))
    programs = {"emitted": (emitted, (theta, points))}
    for mode in (nested_gradients, reverse_over_reverse, forward_over_reverse, forward_over_forward):
        programs[f"network, {mode.__name__}"] = (jax.jit(jax.value_and_grad(mean_square(mode, network))), (layers, points))
    nested = jax.jit(jax.value_and_grad(mean_square(nested_gradients, gaussians)))
    check_equal(emitted(theta, points), nested(theta, points), "loss and gradient")
    times = seconds(programs, repeats)
    slow = seconds({"emitted": (emitted, (theta, points)), "nested": (nested, (theta, points))}, repeats)
    best = min((name for name in times if name.startswith("network")), key=times.__getitem__)
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in (theta, layers)]
    automatic, against = slow["nested"] / slow["emitted"], times[best] / times["emitted"]
    rows = [
        (
            "loss + gradient, N = 4096, K = 256: nested automatic differentiation",
            f"{1e3 * slow['nested']:.1f} ms / {1e3 * slow['emitted']:.2f} ms",
            f"{automatic:.0f}x",
            ">= 50x",
            automatic >= 50,
        ),
        (
            f"the same: MLP-PINN, {sizes[1]} parameters against {sizes[0]}, {best[9:].replace('_', ' ')}",
            f"{1e3 * times[best]:.2f} ms / {1e3 * times['emitted']:.2f} ms",
            f"{against:.1f}x",
            ">= 2x",
            against >= 2,
        ),
    ]
    return rows


def large(module: Any, repeats: int) -> list[Row]:
    """Temporaries at N = 65,536, K = 1,024, and time a (point, kernel) against the small case, taken in turns."""
    emitted = jax.jit(jax.value_and_grad(lambda theta, points: module.loss(theta, points, PARAMS)))
    small, big = (expansion(256), collocation(4096)), (expansion(1024), collocation(65536))
    temporaries = emitted.lower(*big).compile().memory_analysis().temp_size_in_bytes / 2**20
    times = seconds({"small": (emitted, small), "big": (emitted, big)}, repeats)
    each = {"small": times["small"] / (4096 * 256), "big": times["big"] / (65536 * 1024)}
    ratio = each["big"] / each["small"]
    what = "loss + gradient, N = 65,536, K = 1,024"
    return [
        (f"{what}: temporaries", "memory_analysis", f"{temporaries:.1f} MiB", "<= 64 MiB", temporaries <= 64),
        (
            f"{what}: time a (point, kernel) against the small case",
            f"{1e9 * each['big']:.2f} ns / {1e9 * each['small']:.2f} ns",
            f"{ratio:.2f}x",
            "<= 1.5x",
            ratio <= 1.5,
        ),
    ]


def block_jacobian(module: Any, count: int, kernels: int, repeats: int) -> list[Row]:
    """All parameters, against `jacfwd` of the batched residual: the emitted one, and the one by automatic differentiation."""
    theta, points = expansion(kernels), collocation(count)
    block = jax.jit(lambda theta: module.residual_jacobian(theta, points, PARAMS))
    batched = jax.jit(jax.jacfwd(lambda theta: module.residual(theta, points, PARAMS)))
    nested = jax.jit(jax.jacfwd(lambda theta: jax.vmap(lambda p: forward_over_forward(gaussians, theta, p))(points)[None]))
    check_equal(block(theta), batched(theta), "block Jacobian")
    fast = seconds({"block": (block, (theta,))}, repeats)["block"]
    rows = []
    for name, run in (("of the emitted residual", batched), ("of automatic differentiation", nested)):
        slow = seconds({name: (run, (theta,))}, 1)[name]
        rows.append(
            (
                f"Jacobian, N = {count:,}, K = {kernels}, against jacfwd {name}",
                f"{slow:.2f} s / {1e3 * fast:.1f} ms",
                f"{slow / fast:.0f}x",
                ">= 100x",
                slow / fast >= 100,
            )
        )
    return rows


def jets(module: Any) -> list[Row]:
    """Largest difference of an emitted jet from automatic differentiation, relative to sum_k |w_k h_k phi_k| at its largest."""
    theta, points = expansion(256), collocation(512)

    def derivative(orders: tuple[int, ...]) -> Callable[[jax.Array], jax.Array]:
        u = lambda p: gaussians(theta, p)
        for i, n in enumerate(orders):
            for _ in range(n):
                u = lambda p, u=u, i=i: jax.jvp(u, (p,), (jnp.eye(2)[i],))[1]
        return jax.vmap(u)

    indices = tuple(orders for _, orders in module.JETS)
    basis = module.jet_basis(theta, points, PARAMS, indices)
    scale = jnp.max(jnp.einsum("ank,k->an", jnp.abs(basis), jnp.abs(theta["weights"][0])), axis=1)
    emitted = module.jets(theta, points, PARAMS)
    exact = jnp.stack([derivative(orders)(points) for orders in indices])
    worst = float(jnp.max(jnp.abs(emitted - exact) / scale[:, None]))
    return [("jets of Burgers against automatic differentiation", f"{len(indices)} jets", f"{worst:.0e}", "<= 1e-11", worst <= 1e-11)]


def report(module: Any, quick: bool) -> bool:
    """Print the table; whether every figure is reached."""
    repeats = 3 if quick else 11
    rows = training(module, repeats)
    rows += large(module, 1 if quick else 5)
    rows += block_jacobian(module, *((500, 40) if quick else (2000, 100)), repeats)
    rows += jets(module)
    clock = "processor time, because the machine is busy" if busy() else "wall-clock time"
    table = Table(title=f"kernels, float64, {jax.devices()[0].platform}, {len(os.sched_getaffinity(0))} core(s); {clock}")
    for column in ("what", "measured", "figure", "asked", ""):
        table.add_column(column)
    for what, measured, figure, asked, reached in rows:
        table.add_row(what, measured, figure, asked, "yes" if reached else "NO")
    Console(width=150).print(table)
    return all(reached for *_, reached in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats and a smaller Jacobian")
    quick = parser.parse_args().quick
    busy()
    jax.config.update("jax_enable_x64", True)
    return 0 if report(pdelang.compile(EXAMPLE).module, quick) else 1


if __name__ == "__main__":
    raise SystemExit(main())
