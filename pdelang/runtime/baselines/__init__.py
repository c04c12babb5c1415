"""Networks that represent the unknown in place of Gaussians, behind the same seam: they train on the residual that the compiler made.

One file a network, one row here. `pdelang solve FILE --ansatz NAME` trains one; they are what the project's own expansion is compared with.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NETWORKS = {
    "mlp": ("pdelang.runtime.baselines.mlp", "MLP"),
    "spinn": ("pdelang.runtime.baselines.spinn", "SPINN"),
    "pikan": ("pdelang.runtime.baselines.pikan", "PIKAN"),
    "separable": ("pdelang.runtime.baselines.separable", "SeparableGaussians"),
    "lattice": ("pdelang.runtime.baselines.lattice", "LatticeGaussians"),
    "pig": ("pdelang.runtime.baselines.pig", "PIG"),
}
"""name -> (module, class); the class is a `seam.Network`."""


def network_class(name: str) -> Any:
    """KeyError for an unknown one."""
    module, cls = NETWORKS[name]
    return getattr(import_module(module), cls)
