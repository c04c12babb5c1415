"""pdelang: write the equation, get a fused JAX solver and a solution.

The public names are given lazily, so that `import pdelang` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "load": "pdelang.language.semantics",
    "parse": "pdelang.language.semantics",
    "Problem": "pdelang.language.problem",
    "ProblemError": "pdelang.language.diagnostics",
    "compile": "pdelang.compiler.pipeline",
    "CompiledProblem": "pdelang.compiler.compiled",
    "solve": "pdelang.runtime.api",
    "resolve": "pdelang.runtime.resolve",
    "Solution": "pdelang.runtime.solution",
    "SolveOptions": "pdelang.runtime.options",
    "sweep": "pdelang.runtime.sweep.api",
    "train": "pdelang.runtime.training",
    "Family": "pdelang.runtime.family",
    "Status": "pdelang.runtime.status",
    "UsageError": "pdelang.compiler.parameters",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'pdelang' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
