"""The instances of a sweep: which parameters vary, along which axes, and the values of each instance.

Parameters that are given several values make the grid, an outer product in the order in which they are given, the last one fastest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError, resolve
from pdelang.language.problem import Problem
from pdelang.runtime.layout.factor import Array

MOST = 1_000_000


@dataclass(frozen=True, eq=False)
class Instances:
    """swept: name -> one value an instance, (B,), of a vector parameter (B, n). fixed: what all instances share."""

    compiled: CompiledProblem
    fixed: Mapping[str, Any]
    swept: Mapping[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.swept.values())))

    def take(self, numbers: Array) -> Instances:
        return replace(self, swept={name: values[numbers] for name, values in self.swept.items()})

    def parameters(self, number: int) -> dict[str, Any]:
        own = {name: values[number] for name, values in self.swept.items()}
        return {**self.fixed, **{name: v if np.ndim(v) else float(v) for name, v in own.items()}}

    @property
    def columns(self) -> Array:
        """(numbers, B): vectors one number after the other."""
        return np.concatenate([values.reshape(len(self), -1).T for values in self.swept.values()])

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of what varies, in the order of `columns`."""
        return {name: values.shape[1:] for name, values in self.swept.items()}


def outer_product(compiled: CompiledProblem, given: Mapping[str, Any]) -> tuple[dict[str, Array], Instances]:
    """The axes of the grid and its instances. UsageError: what `solve` refuses, in the same words, or nothing to sweep."""
    problem = compiled.problem
    axes = {name: np.asarray(value, dtype=float) for name, value in given.items() if _several(problem, name, value)}
    single = {name: value for name, value in given.items() if name not in axes}
    fixed = resolve(problem, {**single, **{name: axis[0] for name, axis in axes.items()}})
    if not axes:
        raise UsageError("nothing to sweep: give a parameter several values, as in -p nu=0.01:0.1:50, or nu=np.linspace(0.01, 0.1, 50)")
    if math.prod(map(len, axes.values())) > MOST:
        raise UsageError(f"a sweep has at most {MOST:,} instances, not {math.prod(map(len, axes.values())):,}")
    for name, axis in axes.items():
        for value in (*axis[~np.isfinite(axis)][:1], axis.min(), axis.max()):  # what `resolve` refuses is an end of the range or no number
            resolve(problem, {name: float(value)})
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    swept = {name: values.ravel() for name, values in zip(axes, mesh)}
    return axes, Instances(compiled, {name: value for name, value in fixed.items() if name not in axes}, swept)


def _several(problem: Problem, name: str, value: Any) -> bool:
    declared = next((p for p in problem.parameters if p.name == name), None)
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False  # `resolve` says it
    if declared is None or array.ndim == 0:
        return False
    if declared.size is not None:
        if array.shape == (declared.size,):
            return False
        raise UsageError(f"parameter `{name}` is a vector: it takes one value of {declared.size} numbers in a sweep, only numbers vary")
    if array.ndim != 1 or array.size == 0:
        raise UsageError(f"parameter `{name}` takes a number or a list of numbers, not an array of shape {array.shape}")
    return True


def by_name(shapes: Mapping[str, tuple[int, ...]], column: Any) -> dict[str, Any]:
    """The parameters of one column (numbers,), of NumPy's or of JAX's."""
    found, start = {}, 0
    for name, shape in shapes.items():
        found[name] = column[start : start + shape[0]] if shape else column[start]
        start += math.prod(shape)
    return found


def spread(columns: Array) -> Array:
    """Parameters on [0, 1] each, logarithmically where all are positive: distances between instances. (numbers, B) -> (numbers, B)."""
    scaled = np.stack([np.log(c) if (c > 0).all() else c for c in columns])
    low, high = scaled.min(axis=1, keepdims=True), scaled.max(axis=1, keepdims=True)
    return (scaled - low) / np.where(high > low, high - low, 1.0)


def pieces(numbers: Array, places: Array, around: int) -> list[Array]:
    """What is left of a group after its pilot `around` has been tried: below and above the pilot along the axis of largest extent."""
    own = places[:, numbers]
    axis = int(np.argmax(own.max(axis=1) - own.min(axis=1)))
    below = own[axis] <= places[axis, around]
    return [part for part in (numbers[below], numbers[~below]) if len(part)]
