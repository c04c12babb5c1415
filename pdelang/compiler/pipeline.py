"""The compiler, stage by stage; this docstring is its specification.

    text       -> Program           language.parser      one statement a node, spans
    Program    -> Problem           language.semantics   names resolved, vectors and definitions gone
    Problem    -> refusals          refuse.py            E601 to E604: what is not compiled yet
    Problem    -> Residual          residual.py          SymPy in jets, N(u, u_x, ..., xi, c), and dN/d(jet)
    Residual   -> Analysis          analysis.py          order, linearity, constancy, the multi-indices needed
    Residual   -> E4xx              exact.py             the exact solution satisfies every equation and condition
    Residual   -> W34x              ranges.py            what goes wrong somewhere inside the parameters' ranges
    Residual   -> functions         routines.py          passes: reciprocals, guard, cse; printing
    Residual   -> Gaussian section  lowering/scattered   products of monomials around one exp, block Jacobian, adjoint
    all        -> source text       emission.py          readable, reproducible, escaped
    text       -> CompiledProblem   compiled.py          the module is loaded; the runtime knows nothing before it

A stage reads the values before it and changes none. No number of kernels and no value of a parameter appears anywhere,
so compile time and text are the same for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pdelang.compiler import cache
from pdelang.compiler.compiled import CompiledProblem, assemble
from pdelang.compiler.refuse import refuse
from pdelang.compiler.stages import Analysis
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.problem import Problem

if TYPE_CHECKING:
    from pdelang.compiler.stages import Residual


@dataclass(frozen=True)
class Checked:
    """Everything that is known before text is emitted. warnings: the front end's and the compiler's."""

    problem: Problem
    residual: Residual
    analysis: Analysis
    warnings: tuple[Diagnostic, ...]


def check(problem: Problem | str | Path) -> Checked:
    """All that can be wrong with a program, without emitting anything. Raises ProblemError."""
    from pdelang.compiler import analysis, exact, ranges, residual

    problem = _problem(problem)
    refuse(problem)
    built = residual.build(problem)
    analysed = analysis.analyse(built)
    exact.verify(built)
    return Checked(problem, built, analysed, (*problem.warnings, *ranges.warn(built, analysed)))


def compile(problem: Problem | str | Path, *, use_cache: bool = True) -> CompiledProblem:
    """A program, or the path of one, as callables and source text. Raises ProblemError (E1xx to E9xx)."""
    problem = _problem(problem)
    refuse(problem)
    key = cache.content_key(problem)
    entry = cache.read(key) if use_cache else None
    if entry is None:
        import sympy  # noqa: F401 - the import is not compilation

        begin = time.perf_counter()
        checked = check(problem)
        entry = _text(checked, key), checked.analysis, checked.warnings[len(problem.warnings) :]
        if use_cache:
            cache.write(key, entry)
    else:
        begin = time.perf_counter()
    elapsed = time.perf_counter() - begin
    import jax  # noqa: F401

    begin = time.perf_counter()
    source, analysed, warnings = entry
    result = assemble(problem, analysed, source, key, (*problem.warnings, *warnings))
    return _with_seconds(result, elapsed + time.perf_counter() - begin)


def _with_seconds(compiled: CompiledProblem, seconds: float) -> CompiledProblem:
    from dataclasses import replace

    return replace(compiled, seconds=seconds)


def _problem(problem: Problem | str | Path) -> Problem:
    if isinstance(problem, Problem):
        return problem
    from pdelang.language.semantics import load

    return load(problem)


def source(problem: Problem) -> str:
    """The emitted module's text; never from the cache."""
    return _text(check(problem), cache.content_key(problem))


def _text(checked: Checked, key: str) -> str:
    from pdelang.compiler import emission

    return emission.emit(checked.residual, checked.analysis, key)


def emit(problem: Problem | str | Path, stage: str) -> str:
    """Any stage as readable text: one of STAGES. Raises ProblemError, and UsageError for an unknown stage."""
    from pdelang.compiler.parameters import UsageError

    if stage not in STAGES:
        raise UsageError(f"unknown stage `{stage}`: one of {', '.join(STAGES)}")
    return STAGES[stage](_problem(problem))


def _views(name: str) -> Callable[[Problem], str]:
    def view(problem: Problem) -> str:
        from pdelang.compiler import views

        return getattr(views, name)(problem)

    return view


STAGES: dict[str, Callable[[Problem], str]] = {
    name: _views(name) for name in ("ast", "problem", "residual", "latex", "analysis", "lowered", "jax", "hlo")
}
