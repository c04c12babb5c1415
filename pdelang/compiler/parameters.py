"""Values of the parameters of one solve."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from pdelang.language.problem import ParameterDecl, Problem

SLACK = 1e-12
"""A value this close to an end of its range, relative to its width, is inside: 0.1*3 is meant to be 0.3."""


class UsageError(ValueError):
    """The call or command line is wrong, the program is not: exit code 2."""


def resolve(problem: Problem, values: Mapping[str, float | Sequence[float]], beyond: float = 0.0) -> dict[str, np.ndarray | float]:
    """Name -> float, or array (size,) for a vector; defaults filled in. Raises UsageError.

    uniform and log: the value must lie in the declared range, or no further outside than `beyond` times its width (of the logarithm's
    range, for log). normal: any finite value.
    """
    declared = {p.name: p for p in problem.parameters}
    for name in values:
        if name not in declared:
            raise UsageError(_unknown(name, list(declared)))
    return {name: _checked(p, values.get(name, p.default if p.size is not None else p.default[0]), beyond) for name, p in declared.items()}


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return f"unknown parameter `{name}`: this problem has no parameters"
    base = name.partition("[")[0]
    if base in known:
        return f"unknown parameter `{name}`: `{base}` is given as a whole, its components separated by commas"
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(f'`{k}`' for k in known)}"
    return f"unknown parameter `{name}`: {hint}"


def _checked(p: ParameterDecl, value: float | Sequence[float], beyond: float) -> np.ndarray | float:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"parameter `{p.name}`: {value!r} is not a number") from None
    shape = () if p.size is None else (p.size,)
    if array.shape != shape:
        wanted = "one number" if p.size is None else f"{p.size} numbers"
        raise UsageError(
            f"parameter `{p.name}` takes {wanted}, not {array.size if array.ndim <= 1 else f'an array of shape {array.shape}'}"
        )
    if not np.isfinite(array).all():
        raise UsageError(f"parameter `{p.name}` is not finite: {value}")
    if p.distribution != "normal":
        lower, upper = p.arguments
        least, most = _widened(p, beyond)
        slack = SLACK * max(abs(lower), abs(upper))
        entries = np.atleast_1d(array)
        outside = entries[(entries < least - slack) | (entries > most + slack)]
        if outside.size:
            far = " by too much" if beyond else ""
            raise UsageError(f"parameter `{p.name}` = {float(outside[0]):g} lies outside its range [{lower:g}, {upper:g}]{far}")
    return array if p.size is not None else float(array)


def _widened(p: ParameterDecl, beyond: float) -> tuple[float, float]:
    lower, upper = p.arguments
    if p.distribution == "log":
        factor = (upper / lower) ** beyond
        return lower / factor, upper * factor
    return lower - beyond * (upper - lower), upper + beyond * (upper - lower)
