"""What learns a family: one row a kind. See `seam.py` for what a row must be able to do."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_KERNELS = ("pdelang.runtime.generator.kernels_training", "KernelsTraining", "Kernels")
GENERATORS: dict[str, tuple[str, str, str]] = {
    "spectral": ("pdelang.runtime.generator.spectral_training", "SpectralTraining", "Spectral"),
    "neighbours": ("pdelang.runtime.generator.neighbours_training", "NeighboursTraining", "Neighbours"),
    "coefficients": ("pdelang.runtime.generator.coefficients_training", "CoefficientsTraining", "Coefficients"),
    **dict.fromkeys(("plain", "variational"), _KERNELS),
    "flow": ("pdelang.runtime.generator.flow_training", "FlowTraining", "Kernels"),
}
"""name -> (module, class of the `Training`, class of the `Generator`)."""


def training_class(name: str) -> Any:
    """`Training` of a kind, made by `start(compiled, options)` or `resumed(compiled, options, numbers, arrays)`. KeyError: no such kind."""
    module, training, _ = GENERATORS[name]
    return getattr(import_module(module), training)


def generator_class(name: str) -> Any:
    """`Generator` of a kind. KeyError for an unknown one (a file of a later version, or a damaged one)."""
    module, _, generator = GENERATORS[name]
    return getattr(import_module(module), generator)
