"""Reference solutions: the exact one sampled, or a data set from a file; and the relative L2 error against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.language.problem import Problem
from pdelang.runtime.evaluation import ROUNDING

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.solution import Solution


SAME = 1e-6
"""Relative difference of two values of a parameter that counts as none: files may hold single precision, or digits as printed."""


def exact_dataset(compiled: CompiledProblem, parameters: Mapping[str, Any], axes: Sequence[np.ndarray]) -> xarray.Dataset:
    """The exact solution on a tensor grid; fields without one are left out."""
    import xarray

    if compiled.exact is None:
        raise ValueError("the problem has no exact solution")
    points = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=-1)
    values = np.asarray(compiled.exact(points, parameters)).reshape(-1, *(a.size for a in axes))
    names = [c.name for c in compiled.problem.coordinates]
    known = {f.name: (names, v) for f, v in zip(compiled.problem.fields, values) if not np.isnan(v).all()}
    return xarray.Dataset(known, coords=dict(zip(names, axes)), attrs={"source": "exact solution"})


def load_reference(
    path: str | Path, problem: Problem, lower: np.ndarray, upper: np.ndarray, parameters: Mapping[str, Any] | None = None
) -> xarray.Dataset:
    """Variables named after fields over dimensions named after coordinates; a coordinate may also be a scalar (a slice in time).

    UsageError: no such file, not netCDF, no field of the problem in it, another dimension, points outside the domain, or made at
    other values of `parameters`, where its attributes say so.
    """
    data = read_netcdf(path)
    _same_parameters(path, data.attrs, parameters or {})
    names = [c.name for c in problem.coordinates]
    fields = [f.name for f in problem.fields if f.name in data.data_vars]
    if not fields:
        wanted = ", ".join(f.name for f in problem.fields)
        raise UsageError(f"{path} holds {_listed(data.data_vars)}, and none of the fields of {problem.name}: {wanted}")
    data = data[fields]
    for name in names:
        if name not in data.coords:
            raise UsageError(f"{path} has no coordinate {name!r}: its coordinates are {_listed(data.coords)}")
        if name not in data.dims:
            data = data.expand_dims(name)
    strangers = [d for d in data.dims if d not in names]
    if strangers:
        raise UsageError(f"{path} has a dimension {strangers[0]!r} that is not a coordinate of {problem.name}: {', '.join(names)}")
    for name, low, high in zip(names, lower, upper):
        axis = data[name].values
        slack = ROUNDING * (high - low)
        if axis.dtype.kind not in "iuf" or not np.isfinite(axis).all():
            raise UsageError(f"{path}: the coordinate {name!r} is not a list of finite numbers")
        if axis.size == 0 or axis.min() < low - slack or axis.max() > high + slack:
            span = f"[{axis.min():.6g}, {axis.max():.6g}]" if axis.size else "nothing"
            raise UsageError(f"{path}: {name} covers {span}, the problem [{low:.6g}, {high:.6g}]")
    ordered = data.transpose(*names).drop_attrs()
    if any(v.dtype.kind not in "iuf" for v in ordered.data_vars.values()):
        raise UsageError(f"{path}: a field's values are not real numbers")
    ordered = ordered.astype(np.float64)
    ordered.attrs["source"] = Path(path).name
    return ordered


def _same_parameters(path: str | Path, attributes: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    stated = _stated_parameters(path, attributes)
    for name in parameters.keys() & stated.keys():
        try:
            theirs, mine = (np.atleast_1d(np.asarray(value, dtype=float)) for value in (stated[name], parameters[name]))
        except (TypeError, ValueError):
            raise UsageError(f"{path} says {name} = {stated[name]!r}, which is not a number") from None
        if theirs.shape != mine.shape or not np.allclose(theirs, mine, rtol=SAME, atol=0):
            raise UsageError(f"{path} was made with {name} = {_shown(theirs)}, this solve has {name} = {_shown(mine)}")


def _stated_parameters(path: str | Path, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """`parameter_nu = 0.01` an attribute each, as `Solution.to_xarray` writes them, or all in one: `parameters = {"nu": 0.01}`, JSON."""
    prefix = "parameter_"
    stated = {str(name).removeprefix(prefix): value for name, value in attributes.items() if str(name).startswith(prefix)}
    if isinstance(attributes.get("parameters"), str):
        try:
            together = json.loads(attributes["parameters"])
        except ValueError:
            raise UsageError(f"{path}: its attribute `parameters` is not JSON") from None
        stated |= together if isinstance(together, dict) else {}
    return stated


def _shown(values: np.ndarray) -> str:
    return f"{values[0]:.6g}" if values.size == 1 else "(" + ", ".join(f"{v:.6g}" for v in values) + ")"


def read_netcdf(path: str | Path) -> xarray.Dataset:
    """A data set wholly in memory, the file closed. UsageError if it cannot be read."""
    import xarray

    if not Path(path).is_file():
        raise UsageError(f"no such file: {path}")
    try:
        with xarray.open_dataset(path) as data:
            return data.load()
    except (OSError, ValueError, KeyError, RuntimeError) as fault:
        raise UsageError(f"{path} cannot be read as netCDF: {_first_line(fault)}") from fault


def relative_l2(solution: Solution, reference: xarray.Dataset) -> dict[str, float]:
    """||u - u_ref|| / ||u_ref|| over the points of the reference, by field; points where it is NaN are left out.

    A field whose reference is zero everywhere is measured against the largest of all fields.
    """
    names = [c.name for c in solution.problem.coordinates]
    mine = solution.to_xarray({name: reference[name].values for name in names})
    errors = {}
    largest = max((float(np.linalg.norm(np.nan_to_num(field.values))) for field in reference.data_vars.values()), default=0.0)
    for name in reference.data_vars:
        expected = reference[name].transpose(*names).values
        known = ~np.isnan(expected)
        if known.any():
            scale = float(np.linalg.norm(expected[known])) or largest
            difference = float(np.linalg.norm(mine[name].values[known] - expected[known]))
            errors[str(name)] = difference / scale if scale > 0 else (0.0 if difference == 0 else np.inf)
    return errors


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))[:8]) or "no variables"


def _first_line(fault: BaseException) -> str:
    """Where no backend takes the file, xarray's message is about backends."""
    text = (str(fault).splitlines() or [type(fault).__name__])[0]
    return "it is in another format" if "IO backends" in text or "engine" in text else text
