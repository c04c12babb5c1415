"""Residual -> scattered Gaussians: the section of the emitted module that turns kernels and points into jets, residuals, losses, Jacobians.

    phi = exp(features(z) C(theta)),   D^alpha u = sum_m z^m (W_alpha,m phi)

Every jet is a polynomial times the same Gaussian, so all of them share one exp and one matrix product. What the compiler decides here:
the union of jets, the copies along periodic coordinates, and which jets merge. A sum of jets with coefficients that hold neither
jets nor coordinates (u_t - nu u_xx in Burgers) is one operator with one polynomial: it costs the columns of its highest order alone.
"""

from __future__ import annotations

from importlib.resources import files
from itertools import product

from pdelang.compiler.gaussian import columns, text
from pdelang.compiler.lowering.emitted import MARK, PARTS
from pdelang.compiler.naming import Names, derivative
from pdelang.compiler.readable import Readable
from pdelang.compiler.routines import Routines
from pdelang.compiler.stages import Analysis, Residual, ResidualEquation
from pdelang.compiler.text import block
from pdelang.compiler.trees import symbols
from pdelang.language.expressions import Jet

Index = tuple[int, tuple[int, ...]]

IMPORTS = (
    "from collections.abc import Iterable, Sequence",
    "from functools import partial",
    "from itertools import combinations, product",
    "from math import ceil",
    "from typing import Any",
    "",
)
"""What the section needs besides jax and jax.numpy."""

INTRODUCTION = """# Scattered Gaussians: u_f(xi) = sum_k w_fk phi_k(z), z = 2 (xi - lower) / (upper - lower) - 1 in [-1, 1]^d.
#
# theta = {"weights": (F, K), "centres": (K, d), "log_scales": (K, d), "shears": (K, d(d-1)/2)}; all fields share the geometry.
# y = z - centre, s_i = (y_i + sum_(j>i) r_ij y_j) / sigma_i with the shears r row by row, phi = exp(-s.s/2): any covariance.
"""
WRAPPED = """# Periodic coordinates: each kernel is the sum of its copies, a period apart. A block of points takes the copies that it feels,
# |s| < 8.6 (1e-16): points in the order of a periodic coordinate feel the fewest."""


def jet_union(residual: Residual) -> tuple[Index, ...]:
    """(field, orders) that the interior needs, in the order of `ResidualEquation.jets`: by field, total order, orders."""
    found = {(j.field, j.orders) for e in residual.equations for j in e.jets}
    return tuple(sorted(found, key=lambda j: (j[0], sum(j[1]), j[1])))


def images(residual: Residual) -> tuple[tuple[float, ...], ...]:
    """Copies of the direct form, by their shifts from the one nearest to the kernel's own axis; in the reference box a period is 2."""
    return tuple(product(*((-2.0, 0.0, 2.0) if c.periodic else (0.0,) for c in residual.problem.coordinates)))


def constant_jets(equation: ResidualEquation, residual: Residual) -> tuple[int, ...]:
    """Positions of the jets that occur linearly with a coefficient in parameters alone."""
    parameters = set(residual.symbols.parameters.values())
    return tuple(a for a, partial in enumerate(equation.partials) if symbols(partial) <= parameters)


def moment_columns(residual: Residual, merged: tuple[tuple[int, ...], ...]) -> int:
    """Rows of W: one operator an equation that merges, and every jet that some equation needs by itself."""
    d = len(residual.problem.coordinates)
    alone: set[Jet] = {j for e, own in zip(residual.equations, merged) for a, j in enumerate(e.jets) if a not in own}
    operators = [max(sum(e.jets[a].orders) for a in own) for e, own in zip(residual.equations, merged) if own]
    return sum(columns(degree, d) for degree in [*(sum(j.orders) for j in alone), *operators])


def merge(residual: Residual) -> tuple[tuple[int, ...], ...]:
    """Which jets of each equation become one operator: all constant ones, where that saves columns."""
    chosen: list[tuple[int, ...]] = [()] * len(residual.equations)
    for e, equation in enumerate(residual.equations):
        trial = [*chosen[:e], constant_jets(equation, residual), *chosen[e + 1 :]]
        if moment_columns(residual, tuple(trial)) < moment_columns(residual, tuple(chosen)):
            chosen = trial
    return tuple(chosen)


def emit(residual: Residual, analysis: Analysis) -> str:
    """Source of the section; it uses what the module defined before: COORDINATES, PERIODIC, FIELDS, bounds, EQUATIONS, CONDITIONS."""
    del analysis  # the residual itself says which jets are constant
    shifts, merged = images(residual), merge(residual)
    notes = [INTRODUCTION + (WRAPPED if len(shifts) > 1 else "#"), *(f"# {line}" for line in _jet_lines(residual))]
    tables = [block("JETS", jet_union(residual)), block("_IMAGES", shifts), block("_MERGED", merged)]
    head = "\n".join(["\n".join(notes), *tables])
    sources = ((files("pdelang.compiler.lowering.emitted") / f"{part}.py").read_text(encoding="utf-8") for part in PARTS)
    return "\n\n\n".join([head, _constants(residual, merged), *(source.split(MARK, 1)[1].strip("\n") for source in sources)])


def _constants(residual: Residual, merged: tuple[tuple[int, ...], ...]) -> str:
    partials = [[e.partials[a] for a in own] for e, own in zip(residual.equations, merged)]
    lines, texts = Routines(residual, Names(residual)).body([p for own in partials for p in own])
    values = iter(texts)
    body = [*lines, f"return {_tuple([_tuple([next(values) for _ in own]) for own in partials])}"]
    doc = '"""Coefficients of the jets that _MERGED joins to one operator, equation by equation."""'
    return "\n".join(["def _constants(params: dict) -> tuple:", *(f"    {line}" for line in [doc, *body])])


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _jet_lines(residual: Residual) -> list[str]:
    """`u_xx = (g_x^2 - P_xx) phi` for jets up to order 2; above, their degree."""
    names = [c.name for c in residual.problem.coordinates]
    lines = ["D^a phi = h_a(z) phi with g = P y, P = Sigma^-1 (d phi/dz; each order carries a factor 2 / (upper - lower)):"]
    for orders in sorted({orders for _, orders in jet_union(residual)}, key=lambda o: (sum(o), [-n for n in o])):
        h = text(orders, names) if sum(orders) <= 2 else f"polynomial of degree {sum(orders)}"
        lines.append(f"    {orders}: h = {h}, {columns(sum(orders), len(names))} columns")
    return lines


def lowered_text(residual: Residual, analysis: Analysis) -> str:
    """What `--emit lowered` prints: products, columns, and the work for one (point, kernel)."""
    problem, merged = residual.problem, merge(residual)
    d, m, shifts = len(problem.coordinates), moment_columns(residual, merged), len(images(residual))
    separate = moment_columns(residual, ((),) * len(merged))
    features, readable = columns(2, d), Readable(residual)
    copies = ", each kernel with the copies that a block of points feels" if shifts > 1 else ""
    lines = [f"scattered Gaussians, d = {d}, order {analysis.order}, {len(problem.fields)} field(s){copies}", ""]
    lines += ["jets of the interior, D^a phi = h_a phi, g = P y:"]
    for field, orders in jet_union(residual):
        name = derivative(problem, field, orders)
        h = text(orders, [c.name for c in problem.coordinates]) if sum(orders) <= 4 else f"degree {sum(orders)}"
        lines.append(f"    {name:10} {columns(sum(orders), d):4} columns   h = {h}")
    for equation, own in zip(residual.equations, merged):
        if own:
            parts = [
                f"({readable(equation.partials[a])}) {derivative(problem, j.field, j.orders)}" for a in own for j in [equation.jets[a]]
            ]
            degree = max(sum(equation.jets[a].orders) for a in own)
            lines.append(f"    merged in {equation.equation.label}, {columns(degree, d)} columns: {' + '.join(parts)}")
    backward = [
        f"W^T G          {m} multiply-adds",
        f"G phi^T        {m} multiply-adds",
        f"(phi * W^T G) features^T   {features} multiply-adds, 1 multiply",
    ]
    lines += [
        "",
        f"columns of W: {m}" + (f" ({separate} without merging)" if separate != m else ""),
        "",
        "for each point and kernel" + (", copy by copy" if shifts > 1 else "") + ":",
        f"    C features     {features} multiply-adds",
        "    phi            1 exp",
        f"    W phi          {m} multiply-adds",
        f"  evaluation: {2 * (features + m)} flops and 1 exp; 32 bytes of cache traffic (two arrays of one block, written and read)",
        *(f"    {line}" for line in backward),
        f"  loss and gradient together: {2 * (2 * features + 3 * m) + 1} flops and 1 exp; 80 bytes of cache traffic",
        "",
        "points are taken in blocks of 2^18 / kernels: arrays of a block stay at 2 MiB each, whatever the number of points.",
        "narrow kernels or high orders (see `_resolved`) take the recurrence on z - centre instead: no cancellation.",
    ]
    return "\n".join(lines) + "\n"
