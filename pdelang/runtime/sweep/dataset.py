"""Results of a sweep -> xarray -> netCDF4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang import __version__
from pdelang.compiler.compiled import CompiledProblem
from pdelang.files import replacing
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.instances import Instances

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.sweep.drive import Results

FORMAT = "pdelang sweep"


def dataset(
    compiled: CompiledProblem, parameters: Mapping[str, Array], instances: Instances, axes: Sequence[Array], results: Results,
    options: SolveOptions, finished: bool, seconds: float,
) -> xarray.Dataset:  # fmt: skip
    """Dimensions: swept parameters, then coordinates. What is fixed stands in the attributes."""
    import xarray

    problem = compiled.problem
    names, swept = [c.name for c in problem.coordinates], list(parameters)
    shape = tuple(map(len, parameters.values()))
    states = np.array([(s or Status.INTERRUPTED).name.lower() for s in results.status], dtype=object).reshape(shape)
    data: dict[str, Any] = {
        f.name: ([*swept, *names], v.reshape(*shape, *v.shape[1:]), {"long_name": f.name}) for f, v in zip(problem.fields, results.values)
    }
    data["status"] = (swept, states, {"long_name": "status of the solve"})
    data["residual"] = (swept, results.residual.reshape(shape), {"long_name": "largest relative residual on independent points"})
    data["error_estimate"] = (swept, results.estimate.reshape(shape), {"long_name": "estimated relative L2 error"})
    data["batched"] = (swept, results.batched.reshape(shape).astype(np.int8), {"long_name": "solved along with others"})
    labels: dict[str, Any] = {name: ([name], axis, {"long_name": f"parameter {name}"}) for name, axis in parameters.items()}
    labels |= {c.name: ([c.name], axis, {"long_name": "time" if c.time else c.name}) for c, axis in zip(problem.coordinates, axes)}
    attributes = {
        "title": problem.title or problem.name,
        "format": FORMAT,
        "pdelang_version": __version__,
        "program": problem.source.text,
        "tolerance": options.tolerance,
        "finished": int(finished),
        "pilots": results.pilots,
        "how": str(results),
        "seconds": seconds,
        **{f"parameter_{name}": value for name, value in instances.fixed.items()},
    }
    return xarray.Dataset(data, coords=labels, attrs=attributes)


def save(data: xarray.Dataset, path: Path) -> Path:
    """The file in one step. OSError where it cannot be written."""
    with replacing(path) as partial:
        data.to_netcdf(partial, mode="w", engine="h5netcdf")
    return path
