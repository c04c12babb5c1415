"""From coordinates as a user gives them to jets: broadcasting, periodic wrap, points inside the domain, names of derivatives."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence

import numpy as np

from pdelang.language.problem import Problem
from pdelang.runtime.representation import Index, Representation

ROUNDING = 1e-9
"""Relative to an interval's width: a bound computed in another way (2*pi, say) is still inside."""


class FieldValues(dict[str, np.ndarray]):
    """Values by the name of the scalar field. A vector's own name stacks its components: `values["U"]` is (2, ...) for `U[1]`, `U[2]`."""

    def __missing__(self, name: str) -> np.ndarray:
        components = [value for key, value in self.items() if key.startswith(f"{name}[") and key.endswith("]")]
        if not components:
            raise KeyError(f"no field {name!r}: the fields are {', '.join(self)}")
        return np.stack(components)


def coordinate_arrays(problem: Problem, given: Mapping[str, object]) -> list[np.ndarray]:
    """One float64 array a coordinate, in the problem's order. TypeError for a missing or unknown name, ValueError for a bad value."""
    names = [c.name for c in problem.coordinates]
    missing = [n for n in names if n not in given]
    unknown = [n for n in given if n not in names]
    if missing or unknown:
        fault = f"unknown coordinate {unknown[0]!r}" if unknown else f"coordinate {missing[0]!r} is missing"
        raise TypeError(f"{fault}: give {', '.join(f'{n}=...' for n in names)}")
    arrays = []
    for name in names:
        array = np.asarray(given[name])
        if array.dtype.kind not in "iuf":
            raise ValueError(f"coordinate {name!r} must be real numbers, not {array.dtype}")
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise ValueError(f"coordinate {name!r} holds a value that is not finite")
        arrays.append(array)
    return arrays


def into_domain(problem: Problem, lower: np.ndarray, upper: np.ndarray, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Periodic coordinates wrapped into their interval; ValueError for a point outside any other."""
    inside = []
    for declared, low, high, array in zip(problem.coordinates, lower, upper, arrays):
        slack = ROUNDING * (high - low)
        outside = (array < low - slack) | (array > high + slack)
        if outside.any():
            if not declared.periodic:
                value = array[outside].flat[0]
                raise ValueError(f"{declared.name} = {value:.6g} lies outside [{low:.6g}, {high:.6g}]: the solution is known only inside")
            array = np.where(outside, low + np.mod(array - low, high - low), array)
        inside.append(array)
    return inside


def jets_at(representation: Representation, arrays: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
    """(len(indices), *shape), shape the arrays' broadcast one. Open meshes (`x[:, None], t[None, :]`) go through `grid_jets`."""
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    if 0 in shape:
        return np.zeros((len(indices), *shape))
    axes = _mesh_axes(arrays, len(shape))
    if axes is not None and sum(a.size > 1 for a in arrays) > 1:
        values = np.asarray(representation.grid_jets([a.ravel() for a in arrays], indices))
        order = [0, *(1 + int(i) for i in np.argsort(axes, kind="stable"))]
        return np.transpose(values, order).reshape(len(indices), *shape)
    points = np.stack([np.broadcast_to(a, shape).ravel() for a in arrays], axis=-1)
    return np.asarray(representation.jets(points, indices)).reshape(len(indices), *shape)


def _mesh_axes(arrays: Sequence[np.ndarray], dimensions: int) -> list[int] | None:
    """For each array the one axis along which it varies (-1: none), or None if two share an axis or one varies along several."""
    axes = []
    for array in arrays:
        varying = [dimensions - array.ndim + k for k, n in enumerate(array.shape) if n > 1]
        if len(varying) > 1:
            return None
        axes.append(varying[0] if varying else -1)
    used = [a for a in axes if a >= 0]
    return axes if len(set(used)) == len(used) else None


def parse_jet(problem: Problem, field: str, orders: Sequence[int] | Mapping[str, int] | str | None) -> Index:
    """`("u_xx", None)`, `("u", "xx")`, `("u", (2, 0))` and `("u", {"x": 2})` are one jet. ValueError says what would be right."""
    names = [c.name for c in problem.coordinates]
    fields = [f.name for f in problem.fields]
    if not isinstance(field, str):
        example = f"{fields[0]!r}, {names[0]!r} as two arguments, or as {f'{fields[0]}_{names[0]}'!r}"
        raise TypeError(f"a derivative is given as {example}, not {field!r}")
    if orders is None:
        field, orders = _split(field, fields)
    if field not in fields:
        raise ValueError(f"no field {field!r}: the fields are {', '.join(fields)}")
    if isinstance(orders, str):
        letters = re.findall("|".join(re.escape(n) for n in sorted(names, key=len, reverse=True)), orders)
        if "".join(letters) != orders:
            raise ValueError(f"{orders!r} is not a sequence of the coordinates {', '.join(names)}")
        counts = tuple(letters.count(n) for n in names)
    elif isinstance(orders, Mapping):
        strangers = [n for n in orders if n not in names]
        if strangers:
            raise ValueError(f"no coordinate {strangers[0]!r}: the coordinates are {', '.join(names)}")
        counts = tuple(operator.index(orders.get(n, 0)) for n in names)
    else:
        counts = tuple(operator.index(o) for o in orders)
    if len(counts) != len(names) or min(counts) < 0:
        raise ValueError(f"orders must be {len(names)} non-negative integers, one each of {', '.join(names)}")
    return fields.index(field), counts


def _split(name: str, fields: Sequence[str]) -> tuple[str, str]:
    if name in fields:
        return name, ""
    for field in sorted(fields, key=len, reverse=True):
        if name.startswith(f"{field}_"):
            return field, name[len(field) + 1 :]
    raise ValueError(f"{name!r} is not a derivative of {', '.join(fields)}: write {fields[0]}_x, or give the orders")
