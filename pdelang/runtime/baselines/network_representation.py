"""`NetworkExpansion`: a trained network as what represents a solution, and as arrays in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.runtime.baselines import NETWORKS, network_class
from pdelang.runtime.baselines.seam import Box, Network, Theta, count
from pdelang.runtime.layout.product import tensor_points
from pdelang.runtime.representation import Index

BLOCK = 8192
"""Points a call of compiled code."""


@partial(jax.jit, static_argnums=(0, 3))
def _jets(network: Network, theta: Theta, points: jax.Array, indices: tuple[Index, ...]) -> jax.Array:
    return network.jets(theta, points, indices)


@dataclass(frozen=True, eq=False)
class NetworkExpansion:
    """network: what kind and how large. theta: its parameters."""

    network: Network
    theta: Theta

    kind = "network"

    @property
    def fields(self) -> int:
        return self.network.box.fields

    @property
    def dimension(self) -> int:
        return self.network.box.dimension

    @property
    def kernels(self) -> int:
        """A network has none: its trainable numbers."""
        return count(self.theta)

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        points = np.asarray(points, dtype=float)
        wanted = tuple((int(f), tuple(map(int, orders))) for f, orders in indices)
        out = np.empty((len(wanted), len(points)))
        for start in range(0, len(points), BLOCK):  # the last block is filled up: one compilation serves all
            rows = np.minimum(np.arange(start, start + BLOCK), len(points) - 1)
            kept = min(BLOCK, len(points) - start)
            out[:, start : start + kept] = np.asarray(_jets(self.network, self.theta, jnp.asarray(points[rows]), wanted))[:, :kept]
        return out

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        return self.jets(tensor_points([np.asarray(a) for a in axes]), indices).reshape(len(indices), *(len(a) for a in axes))

    def arrays(self) -> dict[str, np.ndarray]:
        name = next(n for n, (_, cls) in NETWORKS.items() if cls == type(self.network).__name__)
        sizes = {f.name: getattr(self.network, f.name) for f in fields(self.network) if f.name != "box"}  # type: ignore[arg-type]
        described = {"name": name, "box": asdict(self.network.box), "sizes": sizes}
        leaves = jax.tree.leaves(self.theta)
        return {"network": np.array(json.dumps(described))} | {f"leaf_{n}": np.asarray(leaf) for n, leaf in enumerate(leaves)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        described: dict[str, Any] = json.loads(str(arrays["network"]))
        own = described["box"]
        box = Box(tuple(own["lower"]), tuple(own["upper"]), tuple(own["periodic"]), int(own["fields"]))
        network = network_class(described["name"])(box, **described["sizes"])
        shapes, structure = jax.tree.flatten(jax.eval_shape(network.init, jax.random.key(0)))
        leaves = [jnp.asarray(arrays[f"leaf_{n}"], dtype=float) for n in range(len(shapes))]
        if any(leaf.shape != shape.shape for leaf, shape in zip(leaves, shapes)):
            raise ValueError("the network's arrays have other shapes than its sizes say")
        return cls(network, jax.tree.unflatten(structure, leaves))
