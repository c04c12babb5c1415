"""Every example is read, formatted, checked, compiled, solved with its defaults, and compared with the truth."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import pdelang
from pdelang.compiler.compiled import CompiledProblem
from pdelang.language.formatter import format_source
from pdelang.language.parser import parse_program
from pdelang.language.source import Source

EXAMPLES = Path(__file__).parent.parent / "examples"
REFERENCES = EXAMPLES / "references"


@dataclass(frozen=True)
class Case:
    """tolerance: asked for. error: bound on the relative L2 error of every field, about ten times what is reached."""

    tolerance: float
    error: float


CASES = {
    "advection_diffusion_reaction": Case(1e-8, 2e-10),
    "allen_cahn": Case(1e-3, 1e-3),
    "anisotropic": Case(1e-8, 5e-12),
    "biharmonic": Case(1e-7, 1e-12),
    "boundary_layer": Case(1e-6, 1e-8),
    "burgers": Case(1e-4, 2e-5),
    "burgers2d": Case(1e-4, 3e-6),
    "cavity": Case(1e-3, 1e-3),
    "convection": Case(1e-8, 1e-9),
    "elliptic": Case(1e-8, 1e-12),
    "front": Case(1e-4, 1e-5),
    "heat": Case(1e-8, 2e-10),
    "heat3d": Case(1e-6, 2e-9),
    "helmholtz": Case(1e-9, 1e-12),
    "interior_layer": Case(1e-8, 1e-11),
    "kdv": Case(1e-5, 1e-6),
    "klein_gordon": Case(1e-7, 1e-9),
    "klein_gordon_2d": Case(1e-7, 1e-9),
    "kovasznay": Case(1e-7, 1e-11),
    "kuramoto_sivashinsky_regular": Case(1e-7, 1e-8),
    "maxwell": Case(1e-8, 1e-10),
    "navier_stokes": Case(1e-6, 1e-7),
    "poisson": Case(1e-9, 1e-12),
    "poisson3d": Case(1e-8, 1e-12),
    "robin": Case(1e-7, 5e-10),
    "rotation": Case(1e-3, 1e-3),
    "schroedinger": Case(1e-6, 1e-7),
    "schroedinger_2d": Case(1e-8, 1e-10),
    "sources": Case(1e-8, 1e-11),
    "steady_burgers": Case(1e-8, 1e-11),
    "wave": Case(1e-7, 1e-9),
    "wave3d": Case(1e-5, 1e-6),
}
SOLVED_ELSEWHERE = {"kuramoto_sivashinsky": Case(1e-2, 1e-1)}
"""Takes a minute and more: benchmarks/accuracy.py solves it."""
EVERY = CASES | SOLVED_ELSEWHERE

VARIANTS = {"burgers2d_thin": ("burgers2d", {"nu": 0.01}, 1e-8), "schroedinger_kink": ("schroedinger", {}, 3e-5)}
"""References at other parameters than the defaults, or on another domain: the example, what differs, and the error that
benchmarks/accuracy.py claims."""

every_example = pytest.mark.parametrize("name", sorted(EVERY))


@cache
def compiled(name: str) -> CompiledProblem:
    return pdelang.compile(EXAMPLES / f"{name}.pde")


def test_every_example_is_listed() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.pde")} == set(EVERY)


@every_example
def test_says_what_to_look_at(name: str) -> None:
    text = (EXAMPLES / f"{name}.pde").read_text()
    assert text.startswith("# ")
    assert "# Look at: " in text or name == "burgers"  # burgers.pde is the file that the language's page opens with


@every_example
def test_formats(name: str) -> None:
    source = Source((EXAMPLES / f"{name}.pde").read_text(), f"{name}.pde")
    once = Source(format_source(source), f"{name}.pde")
    assert format_source(once) == once.text
    (before, wrong), (after, still) = parse_program(source), parse_program(once)
    assert not wrong
    assert not still
    assert before == after


@every_example
def test_compiles_without_a_warning(name: str) -> None:
    """Compiling checks the exact solution: a wrong one is an error E4xx."""
    result = compiled(name)
    assert result.problem.warnings == ()
    assert isinstance(ast.parse(result.source), ast.Module)


@pytest.mark.parametrize("name", sorted(CASES))
def test_reaches_its_error(name: str) -> None:
    case, program = CASES[name], compiled(name)
    solution = pdelang.solve(program, tolerance=case.tolerance, time_limit=600)  # not what else the machine does decides
    if program.exact is None:
        solution = solution.compared_with(REFERENCES / f"{name}.nc")
    assert set(solution.relative_l2) == {f.name for f in program.problem.fields}
    assert max(solution.relative_l2.values()) < case.error, solution.relative_l2
    assert solution.converged, f"{solution.status.value}; {solution.message}"


@pytest.mark.parametrize("path", sorted(REFERENCES.glob("*.nc")), ids=lambda path: path.stem)
def test_reference_is_two_digits_better_than_the_claim(path: Path) -> None:
    name, different, error = VARIANTS[path.stem] if path.stem in VARIANTS else (path.stem, {}, EVERY[path.stem].error)
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert json.loads(data.attrs["parameters"]) == pytest.approx(defaults(name) | different)
        for field in data.data_vars:
            assert np.isfinite(data[field]).all()
            assert data[field].attrs["converged_to"] <= 0.01 * error


def defaults(name: str) -> dict[str, float]:
    return {p.name: p.default[0] for p in compiled(name).problem.parameters}
