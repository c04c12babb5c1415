"""Compiled problems made by hand: residuals as functions of jets, partials by automatic differentiation. No compiler needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.compiler.stages import Analysis
from pdelang.language.expressions import Constant, Jet
from pdelang.language.problem import CoordinateDecl, FieldDecl, ParameterDecl, Problem
from pdelang.language.source import Source, Span

SPAN = Span(0, 0)
nan = float("nan")


def J(*orders: int, field: int = 0, place: int = 0) -> Jet:  # noqa: N802 (the jet space, as in the literature)
    return Jet(field, orders, place)


def equation(
    label: str,
    kind: str,
    jets: Sequence[Jet],
    terms: Callable[[Any, Any, Any], Sequence[Any]],
    places: Callable[[Any], Sequence[Sequence[float]]],
    linear: bool = True,
    where: Any = None,
    line: int = 1,
) -> CompiledEquation:
    """terms(jets, x, c): the summands, jets and x as tuples of arrays (N,)."""

    def all_terms(j: Any, x: Any, c: Any) -> Any:
        return jnp.stack([jnp.broadcast_to(t, x.shape[:1]) for t in terms(tuple(j), tuple(x.T), c)])

    def residual(j: Any, x: Any, c: Any) -> Any:
        return all_terms(j, x, c).sum(0)

    def partials(j: Any, x: Any, c: Any) -> Any:
        one = jax.grad(lambda jn, xn: residual(jn[:, None], xn[None], c)[0])
        return jax.vmap(one, in_axes=(1, 0), out_axes=1)(j, x)

    row = places({})[0]
    return CompiledEquation(
        label=label,
        kind=kind,
        line=line,
        text=label,
        jets=tuple(jets),
        free=tuple(i for i, v in enumerate(row) if np.isnan(v)),
        locate=lambda c: np.array(places(c), dtype=float),
        residual=residual,
        partials=partials,
        terms=all_terms,
        where=where,
        linear=linear,
        constant=False,
        term_lines=(line,) * 8,
        term_texts=tuple(f"term {n}" for n in range(8)),
    )


def problem(
    name: str,
    coordinates: Sequence[tuple[str, float, float]],
    equations: Sequence[CompiledEquation],
    conditions: Sequence[CompiledEquation],
    *,
    periodic: Sequence[str] = (),
    fields: Sequence[str] = ("u",),
    parameters: dict[str, float] | None = None,
    time_orders: Sequence[int] = (),
    linear: bool = True,
    exact: Callable[[Any, Any], Any] | None = None,
) -> CompiledProblem:
    """A coordinate called t is time. exact(x, c) -> (F, N), x a tuple of arrays."""
    decls = tuple(CoordinateDecl(n, Constant(Fraction(a)), Constant(Fraction(b)), n in periodic, n == "t", SPAN) for n, a, b in coordinates)
    params = tuple(ParameterDecl(n, "uniform", (-1e6, 1e6), (v,), None, False, SPAN) for n, v in (parameters or {}).items())
    lower, upper = np.array([a for _, a, _ in coordinates], dtype=float), np.array([b for _, _, b in coordinates], dtype=float)
    declared = Problem(
        name, None, Source("", name), decls, tuple(FieldDecl(f, SPAN) for f in fields), params, (), (), (None,) * len(fields)
    )
    return CompiledProblem(
        problem=declared,
        analysis=Analysis(2, tuple(time_orders), linear, (linear,) * len(fields), False, True, ()),
        equations=tuple(equations),
        conditions=tuple(conditions),
        bounds=lambda c: (lower, upper),
        exact=None if exact is None else lambda x, c: exact(tuple(jnp.asarray(x).T), c),
        source="",
        key=name,
    )


def heat() -> CompiledProblem:
    """u_t = k u_xx on [0, 1] x [0, 0.5], u = 0 at the ends; sin(pi x) exp(-k pi^2 t)."""
    e = equation("heat", "interior", [J(0, 1), J(2, 0)], lambda j, x, c: (j[0], -c["k"] * j[1]), lambda c: [[nan, nan]])
    conditions = [
        equation("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], -jnp.sin(jnp.pi * x[0])), lambda c: [[nan, 0.0]]),
        equation("u(0, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[0.0, nan]]),
        equation("u(1, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[1.0, nan]]),
    ]
    exact = lambda x, c: (jnp.sin(jnp.pi * x[0]) * jnp.exp(-c["k"] * jnp.pi**2 * x[1]))[None]
    return problem("heat", [("x", 0, 1), ("t", 0, 0.5)], [e], conditions, parameters={"k": 1.0}, time_orders=(1,), exact=exact)


def convection(beta: float = 30.0) -> CompiledProblem:
    """u_t + beta u_x = 0, periodic; sin(x - beta t)."""
    e = equation("convection", "interior", [J(0, 1), J(1, 0)], lambda j, x, c: (j[0], c["beta"] * j[1]), lambda c: [[nan, nan]])
    start = equation("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], -jnp.sin(x[0])), lambda c: [[nan, 0.0]])
    exact = lambda x, c: jnp.sin(x[0] - c["beta"] * x[1])[None]
    box = [("x", 0, 2 * np.pi), ("t", 0, 1)]
    return problem("convection", box, [e], [start], periodic=["x"], parameters={"beta": beta}, time_orders=(1,), exact=exact)


def wave() -> CompiledProblem:
    """u_tt = u_xx on [0, 1] x [0, 2], plucked in its second mode."""
    e = equation("wave", "interior", [J(0, 2), J(2, 0)], lambda j, x, c: (j[0], -j[1]), lambda c: [[nan, nan]])
    conditions = [
        equation("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], -jnp.sin(2 * jnp.pi * x[0])), lambda c: [[nan, 0.0]]),
        equation("u_t(x, 0)", "initial", [J(0, 1)], lambda j, x, c: (j[0],), lambda c: [[nan, 0.0]]),
        equation("u(0, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[0.0, nan]]),
        equation("u(1, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[1.0, nan]]),
    ]
    exact = lambda x, c: (jnp.sin(2 * jnp.pi * x[0]) * jnp.cos(2 * jnp.pi * x[1]))[None]
    return problem("wave", [("x", 0, 1), ("t", 0, 2)], [e], conditions, time_orders=(2,), exact=exact)


def sides(names: int, box: Sequence[tuple[str, float, float]], target: Callable[[Any], Any], field: int = 0) -> list[CompiledEquation]:
    """Dirichlet values target(x) on every face of a steady box."""
    out = []
    for i in range(names):
        for value in box[i][1:]:
            row = [nan] * names
            row[i] = value
            jet = Jet(field, (0,) * names)
            out.append(equation(f"{box[i][0]} = {value}", "boundary", [jet], lambda j, x, c: (j[0], -target(x)), lambda c, row=row: [row]))
    return out


def helmholtz(a: int = 1, b: int = 4) -> CompiledProblem:
    """u_xx + u_yy + u = q on [-1, 1]^2, u = sin(a pi x) sin(b pi y)."""
    u = lambda x: jnp.sin(a * jnp.pi * x[0]) * jnp.sin(b * jnp.pi * x[1])
    q = lambda x: (1 - (a**2 + b**2) * jnp.pi**2) * u(x)
    jets = [J(0, 0), J(2, 0), J(0, 2)]
    e = equation("helmholtz", "interior", jets, lambda j, x, c: (j[0], j[1], j[2], -q(x)), lambda c: [[nan, nan]])
    box = [("x", -1, 1), ("y", -1, 1)]
    return problem("helmholtz", box, [e], sides(2, box, lambda x: 0 * x[0]), exact=lambda x, c: u(x)[None])


def burgers() -> CompiledProblem:
    """u_t + u u_x = nu u_xx on [-1, 1] x [0, 1], u0 = -sin(pi x)."""
    jets = [J(0, 0), J(1, 0), J(0, 1), J(2, 0)]
    terms = lambda j, x, c: (j[2], j[0] * j[1], -c["nu"] * j[3])
    e = equation("burgers", "interior", jets, terms, lambda c: [[nan, nan]], linear=False)
    conditions = [
        equation("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], jnp.sin(jnp.pi * x[0])), lambda c: [[nan, 0.0]]),
        equation("u(-1, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[-1.0, nan]]),
        equation("u(1, t)", "boundary", [J(0, 0)], lambda j, x, c: (j[0],), lambda c: [[1.0, nan]]),
    ]
    box = [("x", -1, 1), ("t", 0, 1)]
    return problem("burgers", box, [e], conditions, parameters={"nu": 0.01 / np.pi}, time_orders=(1,), linear=False)


def cole_hopf(x: np.ndarray, t: np.ndarray, nu: float) -> np.ndarray:
    """Exact Burgers solution for u0 = -sin(pi x) on a grid (len(x), len(t)), t > 0."""
    eta = np.linspace(-2.2, 2.2, 8001)
    out = np.empty((len(x), len(t)))
    for j, time in enumerate(t):
        z = x[:, None] - eta
        e = -np.cos(np.pi * z) / (2 * np.pi * nu) - eta**2 / (4 * nu * time)
        k = np.exp(e - e.max(1, keepdims=True))
        out[:, j] = -(np.sin(np.pi * z) * k).sum(1) / k.sum(1)
    return out


def allen_cahn() -> CompiledProblem:
    """u_t = 1e-4 u_xx + 5 (u - u^3), periodic on [-1, 1], u0 = x^2 cos(pi x)."""
    jets = [J(0, 0), J(0, 1), J(2, 0)]
    terms = lambda j, x, c: (j[1], -1e-4 * j[2], 5 * j[0] ** 3, -5 * j[0])
    e = equation("allen-cahn", "interior", jets, terms, lambda c: [[nan, nan]], linear=False)
    start = equation("u(x, 0)", "initial", [J(0, 0)], lambda j, x, c: (j[0], -(x[0] ** 2) * jnp.cos(jnp.pi * x[0])), lambda c: [[nan, 0.0]])
    return problem("allen_cahn", [("x", -1, 1), ("t", 0, 1)], [e], [start], periodic=["x"], time_orders=(1,), linear=False)


def kovasznay(re: float = 40.0) -> CompiledProblem:
    """Steady Navier-Stokes behind a grid, [-0.5, 1] x [-0.5, 1.5], fields u, v, p."""
    lam = re / 2 - np.sqrt(re**2 / 4 + 4 * np.pi**2)
    u = lambda x: 1 - jnp.exp(lam * x[0]) * jnp.cos(2 * jnp.pi * x[1])
    v = lambda x: lam / (2 * jnp.pi) * jnp.exp(lam * x[0]) * jnp.sin(2 * jnp.pi * x[1])
    p = lambda x: (1 - jnp.exp(2 * lam * x[0])) / 2
    f = lambda field, *o: Jet(field, o)
    momentum = []
    for k, name in enumerate("uv"):
        jets = [f(0, 0, 0), f(1, 0, 0), f(k, 1, 0), f(k, 0, 1), f(2, *(int(i == k) for i in range(2))), f(k, 2, 0), f(k, 0, 2)]
        terms = lambda j, x, c: (j[0] * j[2], j[1] * j[3], j[4], -j[5] / re, -j[6] / re)
        momentum.append(equation(f"momentum {name}", "interior", jets, terms, lambda c: [[nan, nan]], linear=False))
    mass = equation("mass", "interior", [f(0, 1, 0), f(1, 0, 1)], lambda j, x, c: (j[0], j[1]), lambda c: [[nan, nan]])
    box = [("x", -0.5, 1.0), ("y", -0.5, 1.5)]
    gauge = equation("p(0, 0)", "point", [f(2, 0, 0)], lambda j, x, c: (j[0],), lambda c: [[0.0, 0.0]])
    conditions = [*sides(2, box, u, 0), *sides(2, box, v, 1), gauge]
    exact = lambda x, c: jnp.stack([u(x), v(x), p(x)])
    return problem("kovasznay", box, [*momentum, mass], conditions, fields=("u", "v", "p"), linear=False, exact=exact)
