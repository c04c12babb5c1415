"""Which levels of a sparse grid come next, what they would bring, and whether they still bring less and less.

Pure bookkeeping of numbers, one indicator a level: the largest relative contribution of its nodes anywhere in the box.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.generator import sparse_grid as grid

FASTEST = 0.2
"""Indicators are not believed to fall by more than this a level beyond the last."""
LOWEST = 2
"""Every direction is followed so far before a small surplus is believed: one pair of nodes may lie on zeros of the difference."""
ALIKE = 0.25
"""Levels that promise so much of the most promising one are taken along with it, up to NODES nodes."""
NODES = 8
FIRST, DEEPEST = 6, 24
"""Levels along one axis without a fall: from the first on resonances are looked for, at the deepest the family is given up."""
FALLEN = 0.3
LAST = (grid.MOST - 1) // 2
"""The last level that has nodes."""
TINY = 1e-300
SOLVES = 150
"""As many solves without one digit: given up as well."""


@dataclass(eq=False)
class AdaptiveGrid:
    """size: number of parameters. noise: indicators that the direct solves' own errors make. levels: those whose nodes are solved, in
    order. indicators: one each."""

    size: int
    noise: float = 0.0
    levels: list[grid.Level] = field(default_factory=list)
    indicators: dict[grid.Level, float] = field(default_factory=dict)

    @property
    def nodes(self) -> list[grid.Node]:
        return [node for level in self.levels for node in grid.new_nodes(level)]

    def explored(self) -> bool:
        """Has every direction been followed to LOWEST?"""
        return bool(self.levels) and all(max(level[i] for level in self.levels) >= LOWEST for i in range(self.size))

    def candidates(self) -> list[grid.Level]:
        """Levels all of whose lower neighbours are solved; what lies further out is taken to bring less than they."""
        known = set(self.levels)
        beside = {n for level in self.levels for n in grid.neighbours(level)} - known
        return sorted(n for n in beside if max(n) <= LAST and grid.admissible(n, known))

    def next(self) -> list[grid.Level]:
        """The levels to solve together, none if there are no more."""
        if not self.levels:
            return [(0,) * self.size]
        candidates = self.candidates()
        low = [n for n in candidates if sum(map(bool, n)) == 1 and max(n) <= LOWEST]
        if low:
            return _first(low)
        promises = {n: self.beyond(n) for n in candidates}
        by_promise = sorted(candidates, key=lambda n: (-promises[n], n))
        return _first([n for n in by_promise if promises[n] >= ALIKE * promises[by_promise[0]]])

    def beyond(self, level: grid.Level) -> float:
        """What a level that is not solved would bring: the geometric mean of what those below it say, falling on as they have fallen.

        The least of them is too low where parameters act together: A matters little to Burgers' equation at a middling nu, much at a small
        one (3e-6 and 1e-3 at the same level of A). The largest is too high where they do not, and doubles the solves.
        """
        said = [max(self._onward(below, i), TINY) for i, below in enumerate(_lower(level)) if below is not None]
        return float(np.exp(np.mean(np.log(said))))

    def _onward(self, level: grid.Level, axis: int) -> float:
        own, before = self.indicators[level], _lower(level)[axis]
        ratio = own / max(self.indicators[before], 1e-300) if before is not None else 1.0
        return own * float(np.clip(ratio, FASTEST, 1.0))

    def border(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes just beyond the grid, (n, m), and what each would bring, (n,)."""
        levels = self.candidates()
        nodes = [node for level in levels for node in (grid.new_nodes(level)[0], grid.new_nodes(level)[-1])]
        amounts = np.repeat([0.5 * self.beyond(level) for level in levels], 2)
        return np.array(nodes, dtype=int).reshape(len(nodes), self.size), amounts

    def along(self, axis: int) -> list[float]:
        """Indicators of the levels that differ from the first in one parameter only, from level 1 on."""
        steps = [level for level in self.levels if level[axis] and sum(map(bool, level)) == 1]
        return [self.indicators[level] for level in sorted(steps)]

    def stuck(self, least: int) -> list[int]:
        """Axes along which so many levels have not brought a fall, from half way on, and more than noise is left."""
        rows = [self.along(i) for i in range(self.size)]
        return [i for i, row in enumerate(rows) if len(row) >= least and max(row[-3:]) > self.noise and not fallen(row)]

    def hopeless(self) -> bool:
        if self.stuck(DEEPEST):
            return True
        late = [self.indicators[level] for level in self.levels[-5:]]
        return len(self.nodes) >= SOLVES and max(late) > FALLEN * max(self.indicators[level] for level in self.levels[1:6])


def fallen(row: list[float]) -> bool:
    """Twice as many levels have to bring a digit or so: a kink, whose surpluses fall with a power of the level, does not."""
    middle = len(row) // 2
    return max(row[-3:]) <= FALLEN * max(row[max(middle - 2, 0) : middle + 1])


def _lower(level: grid.Level) -> list[grid.Level | None]:
    """One step down, a parameter; None where there is none."""
    return [(*level[:i], level[i] - 1, *level[i + 1 :]) if level[i] else None for i in range(len(level))]


def _first(levels: list[grid.Level]) -> list[grid.Level]:
    """The first one, and more as long as there are not more than NODES nodes."""
    counts = np.cumsum([len(grid.new_nodes(level)) for level in levels])
    return levels[: max(1, int(np.sum(counts <= NODES)))]
