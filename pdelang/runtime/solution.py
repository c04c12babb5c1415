"""`Solution`: the answer to a problem at given parameters, its derivatives, and what is known about its quality."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.language.problem import Problem
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.evaluation import FieldValues, coordinate_arrays, into_domain, jets_at, parse_jet
from pdelang.runtime.representation import Index, Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import box
from pdelang.runtime.status import Status

if TYPE_CHECKING:
    import xarray

SPREAD_POINTS = 512
LARGEST_GRID = 10**8
"""Points: 0.8 GB a field. More is surely a slip, and would end the process for want of memory."""
DEFAULT_RESOLUTION = {1: 1001, 2: 257, 3: 65, 4: 25}
"""Points an axis for `to_xarray`, by the number of coordinates: 1e3 to 4e5 in all."""


class Deferred(Mapping[str, float]):
    """A mapping that is made when it is first looked at."""

    def __init__(self, make: Callable[[], Mapping[str, float]]):
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, float]:
        return self._make()

    def __getitem__(self, name: str) -> float:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


@dataclass(frozen=True, eq=False)
class Solution:
    """u(xi) = sum_k w_k phi_k(xi) on the box [lower, upper], at fixed parameters.

    Made by `Solution.of` at the end of `api.solve`, or by `Solution.load`.

    problem: the problem that was solved.
    parameters: name -> float, or array (size,) for a vector parameter.
    lower, upper: (d,), the box at these parameters; d coordinates, time last.
    representation: the expansion; None only where a solve was stopped before anything was computed.
    status: `Status`; its value is a sentence. `solution.converged` is True only if the tolerance is met on independent points.
    certificate: residual by equation and by term, misfit by condition, estimated error by field.
    method, reason, message: which method, why that one, and what went wrong if something did.
    iterations: of the method (Newton steps over all slabs, optimiser steps, 1 for one least-squares solve).
    seconds: of the solve; compile_seconds: from text to callables. Both exclude imports.
    relative_l2: by field, ||u - u_ref|| / ||u_ref|| over the points of `reference`, the exact solution's samples or a data set.
    reference: that data set, None where none is known. `reference.attrs["source"]` says what it is.
    samples: of a family's posterior; `representation` is their mean (or the answer that was refined where they differ most), their
        standard deviation is `u_spread` of `to_xarray`, and in one number `spread`.
    sensitivities: by parameter, where they were asked for: a Solution whose fields are du/dc. sensitivity_notes: why one is missing. Files
        hold them on the grid only (`du_dnu`).
    readapted: (K,) bool, the kernels that `resolve` adapted anew; None for a solve of its own.

    Example:
        solution = pdelang.solve("burgers.pde", nu=0.02)
        solution(x=0.3, t=0.5)                                      # array of shape ()
        solution(x=np.linspace(-1, 1, 201)[:, None], t=[0.5, 1.0])  # (201, 2)
        solution.derivative("u_xx", x=0.3, t=0.5)
    """

    problem: Problem = field(repr=False)
    parameters: Mapping[str, float | np.ndarray]
    lower: np.ndarray = field(repr=False)
    upper: np.ndarray = field(repr=False)
    representation: Representation | None = field(repr=False)
    status: Status
    certificate: Certificate | None = field(repr=False)
    method: str
    reason: str = ""
    message: str = ""
    iterations: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    relative_l2: Mapping[str, float] = field(default_factory=dict)
    reference: xarray.Dataset | None = field(default=None, repr=False)
    samples: tuple[Representation, ...] = field(default=(), repr=False)
    sensitivities: Mapping[str, Solution] = field(default_factory=dict, repr=False)
    sensitivity_notes: Mapping[str, str] = field(default_factory=dict, repr=False)
    readapted: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        compiled: CompiledProblem,
        parameters: Mapping[str, float | np.ndarray],
        result: MethodResult,
        status: Status,
        certificate: Certificate | None,
        seconds: float = 0.0,
        compare: bool = True,
    ) -> Solution:
        """What a method returned and validation found, as a solution; the error against `exact` is measured here, or where `compare` is
        false when it is first asked for: it takes longer than the answer to a query.

        status is the final one (CONVERGED only after validation); certificate is None only where result.representation is.
        """
        lower, upper = (np.asarray(bound, dtype=np.float64) for bound in compiled.bounds(parameters))
        solution = cls(
            problem=compiled.problem,
            parameters=dict(parameters),
            lower=lower,
            upper=upper,
            representation=result.representation,
            status=status,
            certificate=certificate,
            method=result.method,
            reason=result.reason,
            message=result.message,
            iterations=int(result.iterations),
            seconds=float(seconds),
            compile_seconds=float(compiled.seconds),
            samples=result.samples,
        )
        if compiled.exact is None or result.representation is None:
            return solution
        from pdelang.runtime.reference import exact_dataset

        def compared() -> Solution:
            return solution.compared_with(exact_dataset(compiled, parameters, solution.axes()))

        return compared() if compare else replace(solution, relative_l2=Deferred(lambda: compared().relative_l2))

    # ------------------------------------------------------------ values

    def __call__(self, /, **coordinates: Any) -> np.ndarray | FieldValues:
        """u(xi), with NumPy's broadcasting over the coordinates.

        Give every coordinate by name, as a number or an array; the results have the arrays' broadcast shape. One scalar field: that
        array. Several: a dict by field name; for `field U[2]` it holds `U[1]` and `U[2]`, and `values["U"]` stacks them to (2, ...).

        Periodic coordinates may lie anywhere. TypeError: a coordinate is missing or unknown. ValueError: a point lies outside the
        domain, or a value is not a finite real number.
        """
        values = self._jets([(k, (0,) * len(self.problem.coordinates)) for k in range(len(self.problem.fields))], coordinates)
        if len(values) == 1:
            return values[0]
        return FieldValues((f.name, v) for f, v in zip(self.problem.fields, values))

    def derivative(self, field: str, orders: Sequence[int] | Mapping[str, int] | str | None = None, /, **coordinates: Any) -> np.ndarray:
        """D^orders of a scalar field, in closed form; the coordinates' broadcast shape.

        `derivative("u_xx", x=0.3, t=1)`, `derivative("u", "xx", ...)`, `derivative("u", (2, 0), ...)` and
        `derivative("u", {"x": 2}, ...)` are the same; orders stand in the problem's order of coordinates, time last.
        Errors as in a call; ValueError for a field or a coordinate that does not exist.
        """
        return self._jets([parse_jet(self.problem, field, orders)], coordinates)[0]

    def _jets(self, indices: Sequence[Index], coordinates: Mapping[str, Any]) -> np.ndarray:
        arrays = into_domain(self.problem, self.lower, self.upper, coordinate_arrays(self.problem, coordinates))
        return jets_at(self._computed(), arrays, indices)

    def _computed(self) -> Representation:
        if self.representation is None:
            raise ValueError(f"there is nothing to evaluate: {self.status.value}")
        return self.representation

    # ------------------------------------------------------------ quality

    @property
    def converged(self) -> bool:
        return self.status.converged

    @property
    def residual(self) -> float:
        """The largest relative residual over equations and conditions, on independent points; what the tolerance bounds."""
        return self.certificate.residual if self.certificate else math.nan

    @property
    def error_estimate(self) -> float | None:
        """Estimated relative L2 error, the largest over the fields (each: `certificate.error_estimate`); None if there is none."""
        estimates = self.certificate.error_estimate if self.certificate else {}
        return max(estimates.values(), default=None)

    @property
    def kernels(self) -> int:
        return self.representation.kernels if self.representation else 0

    @property
    def spread(self) -> dict[str, float]:
        """By field: root mean square over the domain of the deviation between `samples`, relative to the field's. Empty without samples."""
        if not self.samples:
            return {}
        points = box(self.lower, self.upper, SPREAD_POINTS, 0)
        indices = [(k, (0,) * len(self.lower)) for k in range(len(self.problem.fields))]
        each = np.stack([s.jets(points, indices) for s in self.samples])
        sizes = np.sqrt(np.mean(each.mean(axis=0) ** 2, axis=1))
        spreads = np.sqrt(np.mean(each.var(axis=0), axis=1))
        return {f.name: float(s / max(size, 1e-300)) for f, s, size in zip(self.problem.fields, spreads, sizes)}

    def compared_with(self, reference: xarray.Dataset | str | Path) -> Solution:
        """The same solution with `relative_l2` measured against a data set (variables: fields, dimensions: coordinates) or its file.

        Fields that the reference does not hold keep the figure they had. UsageError: the data set does not fit the problem.
        """
        from pdelang.runtime.reference import load_reference, relative_l2

        whole = (self.problem, self.lower, self.upper, self.parameters)
        data = load_reference(reference, *whole) if isinstance(reference, (str, Path)) else reference
        return replace(self, relative_l2={**self.relative_l2, **relative_l2(self, data)}, reference=data)

    def to_json(self) -> dict[str, Any]:
        """What `pdelang solve --json` prints. Numbers that do not exist or are not finite are None, as JSON has no NaN."""
        return {
            "status": self.status.name.lower(),
            "converged": self.converged,
            "residual": finite_or_none(self.residual),
            "error_estimate": finite_or_none(self.error_estimate),
            "relative_l2": {name: finite_or_none(value) for name, value in self.relative_l2.items()},
            "seconds": round(self.seconds, 6),
            "compile_seconds": round(self.compile_seconds, 6),
            "kernels": self.kernels,
            "iterations": self.iterations,
            "parameters": {name: np.asarray(value).tolist() for name, value in self.parameters.items()},
            "method": self.method,
            "reason": self.reason,
            "message": self.message,
            "certificate": _without_nan(self.certificate.to_json()) if self.certificate else None,
            **({"samples": len(self.samples), "spread": self.spread} if self.samples else {}),
            **self._sensitivities_json(),
        }

    def _sensitivities_json(self) -> dict[str, Any]:
        """||c du/dc|| / ||u|| by parameter and field, None where it cannot be had; nothing where it was not asked for."""
        if not (self.sensitivities or self.sensitivity_notes):
            return {}
        from pdelang.runtime.sensitivities import relative_sizes

        known = {name: {f: finite_or_none(v) for f, v in by_field.items()} for name, by_field in relative_sizes(self).items()}
        return {"sensitivities": {**known, **dict.fromkeys(self.sensitivity_notes)}}

    # ------------------------------------------------------------ grids, files, pictures

    def axes(self, resolution: int | Mapping[str, int | Sequence[float] | np.ndarray] | None = None) -> list[np.ndarray]:
        """One increasing array a coordinate. resolution: points an axis; or by coordinate, a number of points or the values themselves."""
        counts: Mapping[str, Any] = resolution if isinstance(resolution, Mapping) else {}
        names = [c.name for c in self.problem.coordinates]
        strangers = [n for n in counts if n not in names]
        if strangers:
            raise ValueError(f"no coordinate {strangers[0]!r}: the coordinates are {', '.join(names)}")
        if not isinstance(resolution, (int, np.integer, Mapping, type(None))):
            raise TypeError(f"resolution is a number of points, or a mapping by coordinate, not {resolution!r}")
        default = resolution if isinstance(resolution, (int, np.integer)) else DEFAULT_RESOLUTION[len(names)]
        axes = []
        for name, low, high in zip(names, self.lower, self.upper):
            wanted = counts.get(name, default)
            if isinstance(wanted, (int, np.integer)):
                if wanted < 2:
                    raise ValueError(f"{name} needs 2 points or more, not {wanted}")
                if wanted > LARGEST_GRID:
                    raise ValueError(f"a grid has at most {LARGEST_GRID:,} points, not {wanted:,}")
                wanted = np.linspace(low, high, int(wanted))
            axes.append(np.atleast_1d(np.asarray(wanted, dtype=np.float64)))
        points = math.prod(axis.size for axis in axes)
        if points > LARGEST_GRID:
            raise ValueError(f"a grid has at most {LARGEST_GRID:,} points, not {points:,}")
        return axes

    def to_xarray(self, resolution: int | Mapping[str, int | Sequence[float] | np.ndarray] | None = None) -> xarray.Dataset:
        """Every field on a tensor grid: a data set whose dimensions are the coordinates and whose variables are the scalar fields.

        resolution as in `axes`: `to_xarray(201)`, `to_xarray({"x": 401, "t": [0, 0.5, 1]})`.
        """
        from pdelang.runtime.gridded import gridded

        return gridded(self, self.axes(resolution))

    def plot(self, path: str | Path) -> Path:
        """A picture for people: PNG, PDF, SVG or JPEG by the extension, or an animation over time for GIF. Returns the path."""
        from pdelang.runtime.plotting import plot

        return plot(self, Path(path))

    def plot_layout(self, path: str | Path) -> Path:
        """A picture of the kernels, as ellipses, over the solution and over its residual: PNG, PDF, SVG or JPEG. Returns the path."""
        from pdelang.runtime.layout_plot import plot_layout

        return plot_layout(self, Path(path))

    def resolve(self, problem: Any = None, /, **settings: Any) -> Solution:
        """The solution at other parameters, or of a program with another condition, by adapting only kernels that feel the change:
        `solution.resolve(q=1.2)`. `pdelang.resolve` says more."""
        from pdelang.runtime.resolve import resolve

        return resolve(self, problem, **settings)

    def save(self, path: str | Path) -> Path:
        """A netCDF4 file: the fields on a grid for any tool, and all that `Solution.load` needs. Never half a file."""
        from pdelang.runtime.storage import save

        return save(self, Path(path))

    @staticmethod
    def load(path: str | Path) -> Solution:
        """A solution as `save` left it. UsageError: not such a file, cut short, or of another version."""
        from pdelang.runtime.storage import load

        return load(Path(path))


def _without_nan(data: Any) -> Any:
    """The same tree with None for numbers that JSON has not."""
    if isinstance(data, dict):
        return {key: _without_nan(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_nan(value) for value in data]
    return finite_or_none(data) if isinstance(data, float) else data


def finite_or_none(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
