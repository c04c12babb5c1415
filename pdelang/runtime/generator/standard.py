"""The standard layout of a family: a grid, and where the problem is nonlinear graded by direct solves at a few conditions."""

from __future__ import annotations

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.decoder import StandardLayout


def standard_layout(compiled: CompiledProblem, kernels: int, seed: int) -> StandardLayout:
    return StandardLayout.grid(compiled, kernels)
