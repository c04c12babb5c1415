"""Emitted functions on NumPy arrays: the same code, with `jax.numpy` bound to NumPy.

What a residual does is arithmetic, a point at a time. On few points a jitted function costs more in dispatch and copies than in arithmetic:
a condition on 50 points takes 0.14 ms jitted and 0.04 ms here, Burgers' equation with partials and terms on 11,000 points 0.5 and 0.3 ms,
and nothing has to be compiled. On a million points fused loops win, 30 against 75 ms.
"""

from __future__ import annotations

from dataclasses import replace
from types import FunctionType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.layout.factor import Array

CHUNK = 4096  # points whose rows stay in the cache
TRIED = 3  # points of a trial
LIBRARIES: dict[Any, Any] = {jnp: np, jax.scipy.special: scipy.special}
PARTS = ("residual", "partials", "terms", "where")


class _Rebound:
    """Functions of one module, each bound to one new namespace."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.old, self.new = namespace, dict(namespace)
        for name, value in namespace.items():
            if isinstance(value, FunctionType):
                self.new[name] = self(value)
            elif getattr(value, "__name__", "") in ("jax.numpy", "jax.scipy.special"):
                self.new[name] = LIBRARIES[value]

    def __call__(self, function: FunctionType) -> FunctionType:
        if function.__globals__ is not self.old:
            return function
        return FunctionType(function.__code__, self.new, function.__name__, function.__defaults__, function.__closure__)


def on_host(compiled: CompiledProblem, params: Any) -> tuple[tuple[CompiledEquation, ...], tuple[CompiledEquation, ...]] | None:
    """Equations and conditions whose functions take NumPy arrays; None if some function needs what only JAX has."""
    every = (*compiled.equations, *compiled.conditions)
    first: Any = every[0].residual
    if not isinstance(first, FunctionType):
        return None
    rebound = _Rebound(first.__globals__)
    twins = [_twin(equation, rebound) for equation in every]
    found = tuple(t for t in twins if t is not None and _works(t, len(compiled.problem.coordinates), params))
    return (found[: len(compiled.equations)], found[len(compiled.equations) :]) if len(found) == len(every) else None


def _twin(equation: CompiledEquation, rebound: _Rebound) -> CompiledEquation | None:
    parts: dict[str, Any] = {part: getattr(equation, part) for part in PARTS}
    if any(f is not None and getattr(f, "__globals__", None) is not rebound.old for f in parts.values()):
        return None
    bound: dict[str, Any] = {part: f and rebound(f) for part, f in parts.items()}
    return replace(equation, **bound)


def _works(equation: CompiledEquation, dimension: int, params: Any) -> bool:
    jets, points = np.ones((len(equation.jets), TRIED)), np.full((TRIED, dimension), 0.5)
    functions = (equation.residual, equation.partials, equation.terms)
    try:
        with np.errstate(all="ignore"):
            found = [function(jets, points, params) for function in functions]
            found += [equation.where(points, params)] if equation.where is not None else []
        return not any(isinstance(value, jax.Array) for value in found)
    except (AttributeError, TypeError):  # a function that NumPy lacks, or lacks in this form
        return False


def plain(params: Any) -> Any:
    """Parameters as numbers and NumPy arrays."""
    arrays = {name: np.asarray(value, dtype=float) for name, value in params.items()}
    return {name: float(value) if value.ndim == 0 else value for name, value in arrays.items()}


def in_chunks(function: Any, arrays: tuple[Array, ...]) -> list[Array]:
    """function on (rows, N) arrays returns groups of rows; each group comes back as one array (rows, N)."""
    N = arrays[0].shape[1]
    out: list[Array] = []
    with np.errstate(all="ignore"):  # what is not finite is found by those who asked
        for begin in range(0, N, CHUNK):
            groups = function(*(a[:, begin : begin + CHUNK] for a in arrays))
            out = out or [np.empty((len(rows), N), np.asarray(rows[0]).dtype if rows else float) for rows in groups]
            for filled, rows in zip(out, groups):
                for line, row in zip(filled, rows):
                    line[begin : begin + CHUNK] = row
    return out
