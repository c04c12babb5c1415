"""`CompiledProblem`: callables, structure and source text of one compiled program. All that the runtime knows.

The seam of the project: residuals and their derivatives are functions of ARRAYS OF JETS, whatever made the jets
(scattered Gaussians, product layouts, a neural network).
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from pdelang.compiler.parameters import resolve
from pdelang.compiler.stages import Analysis
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.expressions import Jet
from pdelang.language.problem import Problem

Parameters = Mapping[str, Any]  # name -> float64 scalar, or array (size,) for a vector parameter


@dataclass(frozen=True)
class CompiledEquation:
    """One scalar equation or condition, as pure JAX functions. N points, A = len(jets), d coordinates, P places.

    label, kind, line, text: for people; kind as in `language.problem.Equation`.
    jets: which jets it takes, in this order; Jet(field, orders, place).
    free: indices of the coordinates that vary. Empty for a point value.
    locate(params) -> (P, d): the coordinates that each place fixes, NaN where free.
    residual(jets (A, N), points (N, d), params) -> (N,): left - right. `points` are full coordinates at place 0.
    partials(jets, points, params) -> (A, N): dN/d(jet), the Frechet derivative's coefficients.
    terms(jets, points, params) -> (T, N): the summands, for blame; term_lines: the line of each; term_texts: its text.
    where(points, params) -> (N,) bool, or None.
    linear: partials are free of jets. constant: and of coordinates.
    """

    label: str
    kind: str
    line: int
    text: str
    jets: tuple[Jet, ...]
    free: tuple[int, ...]
    locate: Callable[[Parameters], Any]
    residual: Callable[[Any, Any, Parameters], Any]
    partials: Callable[[Any, Any, Parameters], Any]
    terms: Callable[[Any, Any, Parameters], Any]
    where: Callable[[Any, Parameters], Any] | None
    linear: bool
    constant: bool
    term_lines: tuple[int, ...] = ()
    term_texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompiledProblem:
    """
    bounds(params) -> (lower (d,), upper (d,)). exact(points (N, d), params) -> (F, N), or None; a field without an
    exact solution gives NaN. `module` is the loaded emitted module: `jets`, `residual`, `residual_jacobian` of scattered
    Gaussians, and one function a condition (see docs/emitted-module.md). warnings: the front end's and the compiler's.
    seconds: what compilation took, imports of SymPy and JAX excluded.
    """

    problem: Problem
    analysis: Analysis
    equations: tuple[CompiledEquation, ...]
    conditions: tuple[CompiledEquation, ...]
    bounds: Callable[[Parameters], tuple[Any, Any]]
    exact: Callable[[Any, Parameters], Any] | None
    source: str
    key: str  # content hash: program, compiler version
    module: Any = field(repr=False, default=None)
    seconds: float = 0.0
    warnings: tuple[Diagnostic, ...] = ()

    def parameters(self, **values: float | Sequence[float]) -> dict[str, Any]:
        """Parameters for one solve, defaults filled in; UsageError for a wrong name or value."""
        return resolve(self.problem, values)

    def jets(self, theta: Any, points: Any, params: Parameters) -> Any:
        """Jets of scattered Gaussians at points (N, d): see the emitted module."""
        return self.module.jets(theta, points, params)

    def residual(self, theta: Any, points: Any, params: Parameters) -> Any:
        """Interior residuals (E, N) of scattered Gaussians at points (N, d). Pure JAX: jit, vmap, grad as you like."""
        return self.module.residual(theta, points, params)


def load_module(text: str, name: str) -> ModuleType:
    """Run the text of an emitted module. The one place where text becomes code, and it is the compiler's own text: of the program it
    holds escaped strings and mangled names only. Registered with linecache, so that tracebacks show its lines."""
    filename = f"<{name} compiled by pdelang>"
    module = ModuleType(name)
    module.__file__ = filename
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
    return module


class Fixed:
    """`bounds` or a `locate`: where no parameter occurs in it its arrays are made once, on the host, and not by JAX in every query."""

    def __init__(self, function: Callable[[Parameters], Any]):
        self._function = function

    def __call__(self, params: Parameters) -> Any:
        return self._function(params) if self._known is None else self._known

    @cached_property
    def _known(self) -> Any:
        import jax

        try:
            with jax.ensure_compile_time_eval():
                return jax.tree.map(np.asarray, self._function({}))
        except KeyError:
            return None


def _equation(record: Mapping[str, Any]) -> CompiledEquation:
    record = {**record, "locate": Fixed(record["locate"])}
    return CompiledEquation(**{**record, "jets": tuple(Jet(f, orders, place) for f, orders, place in record["jets"])})


def assemble(
    problem: Problem, analysis: Analysis, source: str, key: str, warnings: tuple[Diagnostic, ...] = (), seconds: float = 0.0
) -> CompiledProblem:
    """Emitted text -> CompiledProblem."""
    module = load_module(source, f"pdelang_{key[:12]}")
    return CompiledProblem(
        problem=problem,
        analysis=analysis,
        equations=tuple(map(_equation, module.EQUATIONS)),
        conditions=tuple(map(_equation, module.CONDITIONS)),
        bounds=Fixed(module.bounds),
        exact=getattr(module, "exact", None),
        source=source,
        key=key,
        module=module,
        seconds=seconds,
        warnings=warnings,
    )
