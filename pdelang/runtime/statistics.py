"""Mean, variance and quantiles of a family's fields over the declared distributions of its parameters.

    E[u](xi) = sum_k s_k(xi) E[H_k],    Var[u](xi) = sum_kl s_k(xi) s_l(xi) Cov[H_k, H_l]

exactly, where the family is a polynomial in its parameters (spectral); otherwise, and for quantiles, from samples of the family. For
these N samples leave a relative error of about N^(-1/2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.parameters import UsageError
from pdelang.runtime.generator.spectral import Spectral
from pdelang.runtime.sweep.api import Grid, grid_axes

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.family import Family

QUANTILES = (0.05, 0.5, 0.95)
SAMPLES = 2000
BLOCK = 2**24
"""Values that are held at a time: 128 MiB."""


def statistics(family: Family, grid: Grid, quantiles: Sequence[float], samples: int, seed: int) -> xarray.Dataset:
    """`Family.statistics`."""
    import xarray

    problem, levels = family.compiled.problem, np.atleast_1d(np.asarray(quantiles, dtype=float))
    if not ((levels >= 0) & (levels <= 1)).all() or samples < 2:
        raise UsageError("quantiles lie between 0 and 1, and take 2 samples or more")
    _refuse_poles(family)
    z = family.conditions.sample(samples, np.random.default_rng(seed))
    axes, unit = _axes(family, grid, z)
    mean, variance, found = _sampled(family, z, unit, levels)
    exact = isinstance(family.model, Spectral)
    if isinstance(family.model, Spectral):
        mean, variance = family.model.mean_and_variance(family.conditions, unit)
    names = [c.name for c in problem.coordinates]
    data: dict[str, Any] = {}
    for f, declared in enumerate(problem.fields):
        data[f"{declared.name}_mean"] = (names, mean[f], {"long_name": f"mean of {declared.name}"})
        data[f"{declared.name}_variance"] = (names, variance[f], {"long_name": f"variance of {declared.name}"})
        data[f"{declared.name}_quantile"] = (["quantile", *names], found[:, f], {"long_name": f"quantiles of {declared.name}"})
    labels = {"quantile": levels} | dict(zip(names, axes))
    attributes = {"title": problem.title or problem.name, "samples": samples, "moments": "quadrature" if exact else "samples"}
    return xarray.Dataset(data, coords=labels, attrs=attributes)


def _refuse_poles(family: Family) -> None:
    resonances = family.model.resonances if isinstance(family.model, Spectral) else ()
    names = [name for name, own in zip(family.conditions.names, resonances) if own]
    if names:
        raise UsageError(f"the solution grows without bound at resonances inside the range of {names[0]}: it has no mean and no variance")


def _axes(family: Family, grid: Grid, z: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """In the problem's coordinates, and in those of the unit box. UsageError: the domain depends on the parameters."""
    compiled = family.compiled
    boxes = [compiled.bounds({**compiled.parameters(), **family.conditions.values(row)}) for row in z[:8]]
    lower, upper = (np.asarray([np.asarray(b[side], dtype=float) for b in boxes]) for side in (0, 1))
    if np.ptp(lower, axis=0).any() or np.ptp(upper, axis=0).any():
        raise UsageError("the domain depends on the parameters: its points have no statistics")
    axes = grid_axes(compiled.problem, (lower[0], upper[0]), grid, 1)
    return axes, [(axis - a) / (b - a) for axis, a, b in zip(axes, lower[0], upper[0])]


def _sampled(family: Family, z: np.ndarray, unit: list[np.ndarray], levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance (F, n_1, ...) and quantiles (Q, F, n_1, ...), in blocks along the first coordinate."""
    width = len(family.compiled.problem.fields) * int(np.prod([len(a) for a in unit[1:]], dtype=int))
    step = max(1, BLOCK // (width * len(z)))
    parts = []
    for start in range(0, len(unit[0]), step):
        values, _ = family.model.grids(family.compiled, z, [unit[0][start : start + step], *unit[1:]])
        parts.append((values.mean(axis=0), values.var(axis=0), np.quantile(values, levels, axis=0)))
    mean, variance, found = (np.concatenate(own, axis=axis) for own, axis in zip(zip(*parts), (1, 1, 2)))
    return mean, variance, found
