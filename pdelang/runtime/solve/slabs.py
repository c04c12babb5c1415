"""A solution in time slabs: on [edges[s], edges[s+1]] the representation parts[s], in physical coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.representation import Index, Representation, representation_class


@dataclass(frozen=True)
class Slabs:
    """edges: (S + 1,), increasing. parts: one representation a slab. Time is the last coordinate; at an edge the earlier slab speaks.

    Times outside are answered by the first or the last slab.
    """

    edges: np.ndarray
    parts: tuple[Representation, ...]

    kind = "slabs"

    @property
    def fields(self) -> int:
        return self.parts[0].fields

    @property
    def dimension(self) -> int:
        return self.parts[0].dimension

    @property
    def kernels(self) -> int:
        return sum(part.kernels for part in self.parts)

    def _slab(self, time: np.ndarray) -> np.ndarray:
        return np.clip(np.searchsorted(self.edges, time, side="left") - 1, 0, len(self.parts) - 1)

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        points = np.asarray(points, dtype=float)
        out, slab = np.empty((len(indices), len(points))), self._slab(points[:, -1])
        for s in np.unique(slab):
            out[:, slab == s] = self.parts[s].jets(points[slab == s], indices)
        return out

    def grid_jets(self, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
        time = np.asarray(axes[-1], dtype=float)
        out, slab = np.empty((len(indices), *(len(a) for a in axes))), self._slab(time)
        for s in np.unique(slab):
            out[..., slab == s] = self.parts[s].grid_jets([*axes[:-1], time[slab == s]], indices)
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """`edges`, and the arrays of part s under `s/`, its kind under `s/kind`."""
        out: dict[str, np.ndarray] = {"edges": np.asarray(self.edges)}
        for s, part in enumerate(self.parts):
            out[f"{s}/kind"] = np.array(part.kind)
            out.update({f"{s}/{name}": value for name, value in part.arrays().items()})
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Slabs:
        edges = np.asarray(arrays["edges"], dtype=float)
        parts = []
        for s in range(len(edges) - 1):
            own = {name.removeprefix(f"{s}/"): value for name, value in arrays.items() if name.startswith(f"{s}/")}
            parts.append(representation_class(str(own.pop("kind"))).from_arrays(own))
        return cls(edges, tuple(parts))
