"""The paper's four problems at the parameters of the figures, and the truth that errors are measured against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray

import pdelang
from pdelang.runtime.reference import exact_dataset

ROOT = Path(__file__).resolve().parents[2]
REFERENCES = ROOT / "examples" / "references"
GRID = (128, 101)
"""Points an axis where the truth is a formula. A file's own grid of 256 x 101 is thinned to every second x."""


@dataclass(frozen=True)
class Case:
    path: Path
    title: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    reference: str = ""


CASES: Mapping[str, Case] = {
    "allen_cahn": Case(ROOT / "examples" / "allen_cahn.pde", "Allen-Cahn", reference="allen_cahn.nc"),
    "burgers": Case(ROOT / "examples" / "burgers.pde", "Burgers, nu = 0.01/pi", reference="burgers.nc"),
    "convection": Case(ROOT / "examples" / "convection.pde", "convection, beta = 30", {"beta": 30.0}),
    "helmholtz": Case(ROOT / "examples" / "helmholtz.pde", "Helmholtz, a = (1, 4)", {"a1": 1.0, "a2": 4.0}),
    "fit": Case(Path(__file__).with_name("fit.pde"), "convection's solution, fitted", {"beta": 30.0}),
}
PROBLEMS = tuple(name for name in CASES if name != "fit")


@dataclass(frozen=True, eq=False)
class Problem:
    """compiled, all parameters, and the truth on a tensor grid: values (n_1, n_2)."""

    compiled: Any
    parameters: Mapping[str, Any]
    axes: tuple[np.ndarray, ...]
    truth: np.ndarray

    def error(self, representation: Any) -> float:
        """||u - truth|| / ||truth||."""
        values = representation.grid_jets(self.axes, [(0, (0,) * len(self.axes))])[0]
        return float(np.linalg.norm(values - self.truth) / np.linalg.norm(self.truth))


@cache
def problem(name: str) -> Problem:
    case = CASES[name]
    return at(pdelang.compile(case.path), dict(case.parameters), case.reference)


def at(compiled: Any, given: dict[str, float], reference: str = "") -> Problem:
    """A compiled program at parameters, those not given by their defaults."""
    from pdelang.compiler.parameters import resolve

    parameters = resolve(compiled.problem, given)
    if reference:
        with xarray.open_dataset(REFERENCES / reference, engine="h5netcdf") as data:
            known = json.loads(data.attrs["parameters"])
            assert all(abs(parameters[n] - v) < 1e-12 * abs(v) for n, v in known.items()), f"{reference} is for {known}"
            thin = data["u"].transpose("x", "t").isel(x=slice(None, None, 2)).load()
        return Problem(compiled, parameters, (thin["x"].values, thin["t"].values), thin.values)
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
    axes = tuple(np.linspace(a, b, n) for a, b, n in zip(lower, upper, GRID))
    return Problem(compiled, parameters, axes, exact_dataset(compiled, parameters, axes)["u"].values)
