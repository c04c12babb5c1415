"""Solution <-> netCDF4. One file that any netCDF tool opens and plots, and that `load` turns back into the same solution.

    /            the fields on a grid (`Solution.to_xarray()`), status, method and parameters as attributes
    /solve       program, state and certificate: strings, the last two JSON
    /expansion   the representation's arrays, bit for bit; one group a part where there are several
    /samples     the same of each sample of a posterior, if there are any
    /local       which kernels a local solve has adapted anew, after one
    /reference   the data set that `relative_l2` was measured against, if there is one

Nothing in it is code, and nothing in it is executed: the program is parsed, arrays are arrays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang import __version__
from pdelang.compiler.parameters import UsageError
from pdelang.files import replacing, wrong_suffix
from pdelang.language.diagnostics import ProblemError
from pdelang.language.semantics import parse
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.representation import Representation, representation_class
from pdelang.runtime.sensitivities import relative_sizes
from pdelang.runtime.status import Status

if TYPE_CHECKING:
    import h5py
    import xarray

    from pdelang.runtime.solution import Solution

FORMAT = "pdelang solution"
FORMAT_VERSION = 1
LARGEST = 4 * 2**30
"""Bytes in memory: a file that claims more is refused before it is read."""
DEEPEST = 24
MOST_ATTRIBUTES = 32
"""Equations, and conditions, in attributes; all of them stand in the group `solve`."""


def save(solution: Solution, path: Path) -> Path:
    """The file in one step. UsageError for another suffix; OSError where it cannot be written; ValueError if there is nothing to save."""
    if fault := wrong_suffix(path):
        raise UsageError(fault)
    representation = solution.representation
    if representation is None:
        raise ValueError(f"there is nothing to save: {solution.status.value}")
    with replacing(path) as partial:
        root = solution.to_xarray()
        root.attrs |= {"format": FORMAT, "format_version": FORMAT_VERSION, "pdelang_version": __version__, **_certified(solution)}
        root.to_netcdf(partial, mode="w", engine="h5netcdf")
        _texts(solution, representation).to_netcdf(partial, mode="a", engine="h5netcdf", group="solve")
        write_arrays(partial, representation.arrays())
        if solution.samples:
            write_arrays(partial, {f"{n}/{k}": a for n, s in enumerate(solution.samples) for k, a in s.arrays().items()}, "samples")
        if solution.readapted is not None:
            write_arrays(partial, {"readapted": solution.readapted}, "local")
        if solution.reference is not None:
            solution.reference.to_netcdf(partial, mode="a", engine="h5netcdf", group="reference")
    return path


def _certified(solution: Solution) -> dict[str, Any]:
    """The certificate as attributes, for `ncdump -h` and people."""
    out: dict[str, Any] = {"method": solution.method, "reason": solution.reason, "message": solution.message}
    out |= {"kernels": solution.kernels, "iterations": solution.iterations}
    if solution.sensitivities:
        for name, by_field in relative_sizes(solution).items():
            out[f"sensitivity_{name}"] = ", ".join(f"{value:.1e} of {f}" for f, value in by_field.items())
    out |= {f"sensitivity_{name}": f"unknown: {why}" for name, why in solution.sensitivity_notes.items()}
    certificate = solution.certificate
    if certificate is None:
        return out
    out |= {"tolerance": certificate.tolerance, "residual": certificate.residual}
    out |= {f"error_estimate_{name}": value for name, value in certificate.error_estimate.items()}
    for kind, reports in (("residual", certificate.equations), ("misfit", certificate.conditions)):
        for n, report in enumerate(reports[:MOST_ATTRIBUTES], 1):
            sizes = f"; terms {report.sizes}" if report.sizes else ""
            out[f"{kind}_{n}"] = f"{report.relative:.1e} {report.label}, line {report.line}{sizes}"
    return out


def load(path: Path) -> Solution:
    """The solution in a file. UsageError: no such file, not one of ours, cut short, of a version that this one does not know."""
    with reading(path):
        return _restore(_read(path))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns all that can be wrong with a file into a UsageError of one sentence."""
    if not path.is_file():
        raise UsageError(f"{path} is a folder, not a file" if path.is_dir() else f"no such file: {path}")
    try:
        yield
    except UsageError as fault:
        raise UsageError(f"{path}: {fault}") from fault
    except ProblemError as fault:
        raise UsageError(f"{path}: pdelang {__version__} does not understand the program in it\n{fault}") from fault
    except OSError as fault:
        raise UsageError(f"{path} cannot be read: it is not a netCDF4 file, or it was cut short") from fault
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError) as fault:
        raise UsageError(f"{path} is damaged: {' '.join(str(fault).split()) or type(fault).__name__}") from fault


@dataclass(frozen=True)
class _Contents:
    texts: xarray.Dataset
    arrays: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    local: dict[str, np.ndarray]
    reference: xarray.Dataset | None


def _texts(solution: Solution, representation: Representation) -> xarray.Dataset:
    import xarray

    state = {
        "status": solution.status.name,
        "method": solution.method,
        "reason": solution.reason,
        "message": solution.message,
        "iterations": solution.iterations,
        "seconds": solution.seconds,
        "compile_seconds": solution.compile_seconds,
        "relative_l2": dict(solution.relative_l2),
        "parameters": {name: np.asarray(value).tolist() for name, value in solution.parameters.items()},
        "lower": solution.lower.tolist(),
        "upper": solution.upper.tolist(),
        "representation": representation.kind,
        "samples": [s.kind for s in solution.samples],
        "program_name": solution.problem.source.name,
    }
    certificate = solution.certificate.to_json() if solution.certificate else None
    return xarray.Dataset({"program": solution.problem.source.text, "state": json.dumps(state), "certificate": json.dumps(certificate)})


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], into: str = "expansion") -> None:
    """As plain datasets, a name `3/weights` in the group 3: there may be thousands, and dimension scales would double them.

    An array that several names share (the basis of many slabs) is written once and linked.
    """
    import h5py

    written: dict[int, h5py.Dataset] = {}
    with h5py.File(path, "a") as file:
        group = file.create_group(into)
        for name, value in arrays.items():
            array = np.asarray(value)
            if id(array) in written:
                group[name] = written[id(array)]
                continue
            dataset = group.create_dataset(name, data=str(array) if array.dtype.kind == "U" else array)
            if array is value:
                written[id(array)] = dataset


def _read(path: Path) -> _Contents:
    import h5py
    import xarray

    with h5py.File(path, "r") as file:
        attributes = {name: value.item() if isinstance(value, np.generic) else value for name, value in file.attrs.items()}
        _check_origin(attributes)
        arrays, samples, local = (read_arrays(file[name]) if name in file else {} for name in ("expansion", "samples", "local"))
        present = [name for name in ("solve", "reference") if name in file]
    groups = {}
    for name in present:
        with xarray.open_dataset(path, engine="h5netcdf", group=name, decode_times=False) as data:
            _check_size(data.nbytes)
            groups[name] = data.load()
    return _Contents(groups["solve"], arrays, samples, local, groups.get("reference"))


def read_arrays(group: h5py.Group) -> dict[str, np.ndarray]:
    """What `write_arrays` wrote: names that share an array there share it here."""
    found: dict[str, np.ndarray] = {}
    _collect(group, "", found, {})
    return found


def _collect(group: h5py.Group, prefix: str, found: dict[str, np.ndarray], known: dict[int, np.ndarray], depth: int = 0) -> None:
    import h5py

    if depth > DEEPEST:
        raise ValueError("groups are nested too deeply")
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            _collect(item, f"{prefix}{name}/", found, known, depth + 1)
            continue
        if (place := hash(item)) not in known:  # of its place in the file
            _check_size(item.nbytes)
            value = item[()]
            known[place] = np.asarray(value.decode() if isinstance(value, bytes) else value)
        found[prefix + name] = known[place]


def _check_size(count: int) -> None:
    if count > LARGEST:
        raise ValueError(f"an array claims {count} bytes")


def _check_origin(attributes: Mapping[str, Any]) -> None:
    if attributes.get("format") != FORMAT:
        raise UsageError("a netCDF file, but not a solution that pdelang saved")
    version = attributes.get("format_version")
    if version != FORMAT_VERSION:
        writer = attributes.get("pdelang_version", "another version")
        raise UsageError(f"format {version}, written by pdelang {writer}; pdelang {__version__} reads format {FORMAT_VERSION}: solve again")


def _restore(contents: _Contents) -> Solution:
    from pdelang.runtime.solution import Solution

    state: dict[str, Any] = json.loads(contents.texts["state"].item())
    certificate = json.loads(contents.texts["certificate"].item())
    return Solution(
        problem=parse(contents.texts["program"].item(), state["program_name"]),
        parameters={name: np.asarray(value) if isinstance(value, list) else value for name, value in state["parameters"].items()},
        lower=np.asarray(state["lower"]),
        upper=np.asarray(state["upper"]),
        representation=representation_class(state["representation"]).from_arrays(contents.arrays),
        status=Status[state["status"]],
        certificate=Certificate.from_json(certificate) if certificate else None,
        method=state["method"],
        reason=state["reason"],
        message=state["message"],
        iterations=state["iterations"],
        seconds=state["seconds"],
        compile_seconds=state["compile_seconds"],
        relative_l2=state["relative_l2"],
        reference=contents.reference,
        readapted=contents.local["readapted"].astype(bool) if contents.local else None,
        samples=tuple(
            representation_class(kind).from_arrays({k.partition("/")[2]: a for k, a in contents.samples.items() if k.startswith(f"{n}/")})
            for n, kind in enumerate(state.get("samples", ()))
        ),
    )
