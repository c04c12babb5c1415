"""The condition vector c of a family: all its parameters, scalars and vectors, as one vector z without units.

uniform on [a, b]        z = (2 v - a - b)/(b - a)             in [-1, 1]
log-uniform on [a, b]    z = (2 ln v - ln ab)/(ln b/a)         in [-1, 1]
normal(m, s)             z = (v - m)/(3 s)                     mostly in [-1, 1]

A generator learns in z, where every parameter has the same weight and a log-uniform one is spread evenly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdelang.language.problem import ParameterDecl, Problem

DEVIATIONS = 3.0
"""Standard deviations of a normal parameter that make |z| = 1."""


@dataclass(frozen=True)
class Conditions:
    """declared: the parameters that vary, in the order of the program."""

    declared: tuple[ParameterDecl, ...]

    @classmethod
    def of(cls, problem: Problem) -> Conditions:
        """Parameters of no width (`param c in [1, 1]`) are no conditions: they have one value."""
        return cls(tuple(p for p in problem.parameters if p.distribution == "normal" or p.arguments[0] < p.arguments[1]))

    @property
    def size(self) -> int:
        """Length of z."""
        return sum(p.size or 1 for p in self.declared)

    @property
    def names(self) -> tuple[str, ...]:
        """One a component: `nu`, `a[1]`, `a[2]`."""
        return tuple(n for p in self.declared for n in ([p.name] if p.size is None else [f"{p.name}[{k}]" for k in range(1, p.size + 1)]))

    @property
    def bounded(self) -> tuple[bool, ...]:
        """For each component, whether it lives in [-1, 1]: normal ones do not."""
        return tuple(p.distribution != "normal" for p in self.declared for _ in range(p.size or 1))

    def unit(self, parameters: Mapping[str, Any]) -> np.ndarray:
        """z of one set of parameters: (size,)."""
        return np.concatenate(
            [np.atleast_1d(_to_unit(p, np.asarray(parameters[p.name], dtype=float))) for p in self.declared] or [np.zeros(0)]
        )

    def units(self, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
        """z of many sets of parameters, name -> (M,) or (M, n) for a vector: (M, size)."""
        columns = [_to_unit(p, np.asarray(parameters[p.name], dtype=float)) for p in self.declared]
        return np.concatenate([c.reshape(len(c), -1) for c in columns], axis=1)

    def values(self, z: np.ndarray) -> dict[str, Any]:
        """Parameters of z (..., size): name -> (...), or (..., n) for a vector."""
        out, start = {}, 0
        for p in self.declared:
            count = p.size or 1
            value = _from_unit(p, np.asarray(z)[..., start : start + count])
            out[p.name] = value if p.size is not None else value[..., 0]
            start += count
        return out

    def sample(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Independent draws from the declared distributions: (count, size)."""
        z = generator.uniform(-1.0, 1.0, (count, self.size))
        normal = ~np.array(self.bounded, dtype=bool)
        z[:, normal] = generator.normal(0.0, 1.0 / DEVIATIONS, (count, int(normal.sum())))
        return z

    def outside(self, z: np.ndarray) -> float:
        """How far z lies beyond [-1, 1], in half-widths of the range: 0.2 is a tenth of the range's width. 0 inside."""
        return float(np.max(np.abs(z) - 1.0, initial=0.0))


def _to_unit(p: ParameterDecl, value: np.ndarray) -> np.ndarray:
    a, b = p.arguments
    if p.distribution == "normal":
        return (value - a) / (DEVIATIONS * b)
    if p.distribution == "log":
        return (2 * np.log(value) - np.log(a) - np.log(b)) / np.log(b / a)
    return (2 * value - a - b) / (b - a)


def _from_unit(p: ParameterDecl, z: np.ndarray) -> np.ndarray:
    a, b = p.arguments
    if p.distribution == "normal":
        return a + DEVIATIONS * b * z
    if p.distribution == "log":
        return np.exp(0.5 * (np.log(a) + np.log(b) + z * np.log(b / a)))
    return 0.5 * (a + b + z * (b - a))
