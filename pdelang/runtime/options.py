"""`SolveOptions`: everything that a user can say about how to solve, with its defaults.

One table, for Python, `option NAME = value` and the command line.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class SolveOptions:
    """
    tolerance: relative, of every equation's and condition's residual on independent points and of the estimated error of every
        field; `runtime.validation` has the exact scale.
    method: auto, or a name of `runtime.solve.METHODS`.
    kernels: number of kernels, in each slab where there are several; None refines until the tolerance is met. `product`: in space, evenly
        over the coordinates, ghosts included, and within what it can hold a coordinate
        (at least 24, or 13 where it is periodic); the reason says how many there were.
    slabs: number of time slabs, all alike; None chooses their lengths from the solution.
    refinement: of scattered kernels. axes: more of them, and graded, along a coordinate, by the solution's spectrum. residual: turned along
        fronts, halved and merged where the residual says so, over the whole box in space and time at once; `kernels` is then the most.
    overlap: kernel width in spacings (periodic coordinates take 3/4 of it). points: collocation points per kernel. Both are for scattered
        kernels: `product` has its own, fixed.
    weights of eq. (3): alpha_residual, alpha_boundary, alpha_initial, alpha_data; relative to balanced equations.
    max_iterations: steps of each nonlinear solve: there is one a level, a slab and a pass, and a solution's `iterations` adds them up.
    time_limit: seconds, for every method, which then gives what it has.
    optimizer, learning_rate, steps: for first_order (any name in optax); learning_rate None: 1e-3, or a network's own.
    ansatz: rbf, the project's own Gaussians, or one of `runtime.baselines` (mlp, spinn, pikan, pig, separable, lattice), trained by
        first_order.
    unknowns: trainable numbers of a network. collocation: interior points a step of first_order; None: what the method takes.
    seed: of every random choice.
    """

    tolerance: float = 1e-6
    method: str = "auto"
    kernels: int | None = None
    slabs: int | None = None
    refinement: str = "axes"
    overlap: float = 2.0
    points: float = 2.0
    alpha_residual: float = 1.0
    alpha_boundary: float = 100.0
    alpha_initial: float = 100.0
    alpha_data: float = 1.0
    max_iterations: int = 200
    time_limit: float = 60.0
    optimizer: str = "adam"
    learning_rate: float | None = None
    steps: int = 2000
    ansatz: str = "rbf"
    unknowns: int | None = None
    collocation: int | None = None
    seed: int = 0


RANGES: Mapping[str, tuple[float, float]] = {
    "tolerance": (1e-15, 1.0),
    "kernels": (1, 1_000_000),
    "slabs": (1, 100_000),
    "overlap": (0.5, 10.0),
    "points": (1.0, 100.0),
    "alpha_residual": (0.0, 1e12),
    "alpha_boundary": (0.0, 1e12),
    "alpha_initial": (0.0, 1e12),
    "alpha_data": (0.0, 1e12),
    "max_iterations": (1, 1_000_000),
    "time_limit": (0.1, 1e7),
    "learning_rate": (1e-15, 1e6),
    "steps": (1, 1_000_000_000),
    "unknowns": (8, 100_000_000),
    "collocation": (4, 100_000_000),
    "seed": (0, 2**31 - 1),
}
"""Least and most that each number may be."""
INTEGERS = frozenset({"kernels", "slabs", "max_iterations", "steps", "unknowns", "collocation", "seed"})
WORDS = frozenset({"method", "refinement", "optimizer", "ansatz"})
OPTIONAL = frozenset({"kernels", "slabs", "unknowns", "collocation", "learning_rate"})
NAMES = tuple(f.name for f in fields(SolveOptions))


class OptionError(ValueError):
    """An option that does not exist, or a value out of its range. `api.solve` reports it as a UsageError."""


def checked(name: str, value: Any) -> Any:
    """The value of one option in its own type. OptionError says what would be right."""
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        raise OptionError(f"no option {name!r}" + (f": did you mean {near[0]!r}?" if near else f": the options are {', '.join(NAMES)}"))
    if name in WORDS:
        if not isinstance(value, str):
            raise OptionError(f"option {name!r} takes a word, not {value!r}")
        return value
    if value is None and name in OPTIONAL:
        return None
    return checked_number(name, value, *RANGES[name], name in INTEGERS)


def checked_number(name: str, value: Any, least: float, most: float, whole: bool) -> float | int:
    """value as a float, or an int where it has to be whole. OptionError says what would be right."""
    if isinstance(value, (bool, str)):
        raise OptionError(f"option {name!r} takes a number, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"option {name!r} takes a number, not {value!r}") from None
    if not math.isfinite(number) or not least <= number <= most or (whole and number != int(number)):
        raise OptionError(
            f"option {name!r} must be {'a whole number ' if whole else ''}between {_plain(least)} and {_plain(most)}, not {number:.15g}"
        )
    return int(number) if whole else number


def _plain(limit: float) -> str:
    """A limit as one would write it: all digits of a whole number."""
    return str(int(limit)) if limit == int(limit) and limit < 1e10 else f"{limit:g}"


def build(options: SolveOptions | None, values: Mapping[str, Any]) -> SolveOptions:
    """`options` (or the defaults) with `values` put in, each checked."""
    base = options or SolveOptions()
    merged = {name: getattr(base, name) for name in NAMES} | dict(values)
    return SolveOptions(**{name: checked(name, value) for name, value in merged.items()})
