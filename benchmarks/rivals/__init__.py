"""The other codes of `benchmarks/peers.py`, one file each, as a careful user would write the problem in them.

A rival is a module with `RUNS`: problem -> (what it is called in the table, settings from coarse to fine, function). The function takes
one setting and returns a callable, which solves and returns an `Answer`: what it does before it returns is preparation, and the
first call of the callable compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

Solver = Callable[[], "Answer"]
Runs = dict[str, tuple[str, tuple[Any, ...], Callable[[Any], Solver]]]

RIVALS = ("with_pdelang", "with_exponax", "with_scipy", "with_scipy_lines", "with_py_pde", "with_deepxde")
"""Modules of this folder."""


@dataclass(frozen=True, eq=False)
class Answer:
    """values on the product of nodes, one array of them a coordinate. period: of the first coordinate, if it has one."""

    nodes: tuple[np.ndarray, ...]
    values: np.ndarray
    period: float | None = None


def runs(name: str) -> Runs:
    """`RUNS` of a rival. ModuleNotFoundError: the package that it drives is not installed (`pip install 'pdelang[peers]'`)."""
    found: Runs = import_module(f"rivals.{name}").RUNS
    return found
