"""`Solution`: the answer to a problem at given parameters, its derivatives, and what is known about its quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.language.problem import Problem
from pdelang.runtime.certificate import Certificate
from pdelang.runtime.representation import Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status


@dataclass(frozen=True, eq=False)
class Solution:
    """Made by `Solution.of` at the end of `api.solve`, or by `Solution.load`."""

    problem: Problem
    parameters: Mapping[str, float | np.ndarray]
    lower: np.ndarray  # (d,), at these parameters
    upper: np.ndarray  # (d,)
    representation: Representation | None
    status: Status
    certificate: Certificate | None
    method: str
    reason: str = ""
    message: str = ""
    iterations: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    relative_l2: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        compiled: CompiledProblem,
        parameters: Mapping[str, float | np.ndarray],
        result: MethodResult,
        status: Status,
        certificate: Certificate | None,
        seconds: float = 0.0,
    ) -> Solution:
        """What a method returned and validation found, as a solution; the error against `exact` is measured here.

        status is the final one (CONVERGED only after validation); certificate is None only where result.representation is.
        """
        raise NotImplementedError
