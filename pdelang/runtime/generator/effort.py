"""How hard generated kernels try, and what they find."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pdelang.runtime.validation import VANISHING


@dataclass(frozen=True)
class Effort:
    """steps: Gauss-Newton steps in the weights where `projected`, else gradient steps of eq. (5). more: kernels of a refinement.
    directions: that the weights are projected in; 0: all that there are."""

    steps: int
    projected: bool
    more: int = 0
    directions: int = 0

    def __str__(self) -> str:
        steps = f"{self.steps} gradient step{'s' if self.steps != 1 else ''}"
        how = "projected" if self.projected else f"adapted by {steps}"
        if self.directions:
            return f"weights in {self.directions} directions"
        more = f", then {self.more} more where it is worst" if self.more else ""
        return f"generated and {how}{more}" if self.steps else f"as generated{more}"


@dataclass(frozen=True, eq=False)
class Found:
    """thetas: of the posterior's mean, or one a sample. figures (2, F, places): mean of their errors and of their values.
    checked: figures of `quick_check`, where one theta is the answer. refined: the one with more kernels, whose figures they are then."""

    thetas: list[dict[str, np.ndarray]]
    figures: np.ndarray
    checked: Any = None
    refined: list[dict[str, np.ndarray]] = field(default_factory=list)

    @property
    def absolute(self) -> np.ndarray | None:
        """Estimated root mean square of the error, one a field; None where there is no finite one."""
        found = np.sqrt(np.mean(self.figures[0] ** 2, axis=-1))
        return found if np.isfinite(found).all() else None

    @property
    def error(self) -> np.ndarray:
        """The same, relative; inf where there is none."""
        sizes = np.sqrt(np.mean(self.figures[1] ** 2, axis=-1))
        found = np.sqrt(np.mean(self.figures[0] ** 2, axis=-1)) / np.maximum(sizes, VANISHING * np.max(sizes, initial=1e-300))
        return np.where(np.isfinite(found), found, np.inf)
