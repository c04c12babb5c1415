"""Is a slab good enough, and if not, who is to blame: time or an axis? Relative to the equation's terms over the time until now."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.schedule import MARGIN
from pdelang.runtime.solve.product.system import Quality, SlabSystem

SHARE = 100  # a slab shorter than this share of the time may have a residual as large as makes its part of the norm equal
SAFETY = 0.5
ROUNDING = 1e-6  # a defect below this that does not fall with the slab's length, or with more kernels, is rounding
USELESS = 0.6  # share of an axis' defect that remains after two refinements if a third is not worth it
STEEP = 0.02  # space defect beyond which a slab is halved before its layout is judged: what it shows is not the solution yet
ROUGH = 0.3  # a residual as large as the equation's terms says nothing about which axis is to blame
RECOVERY = 1.2
LEAST, MOST = 0.3, 1.8  # change of a slab's length
EARLY, MOST_EARLY = 0.01, 30.0  # share of the time below which a slab is short because of the start, and how fast they may grow there


@dataclass(eq=False)
class Known:
    """What a march has learnt. residual, scale: integrals over time of their squares, a slot.

    time_floor, floor: defect of time, and of each axis, that shorter slabs or more kernels have been seen not to lower: rounding, or
    a kink that the solution itself will smooth. blurred: defects of the axes refined last, infinite for the others. refined: how
    often each axis was, on this slab. rejected: length and time defect of the slab rejected last, here.
    """

    residual: Array
    scale: Array
    floor: Array
    blurred: Array
    refined: Array
    time_floor: float = field(default=0.0, kw_only=True)
    rejected: tuple[float, float] = field(default=(np.inf, np.inf), kw_only=True)

    @property
    def relative(self) -> float:
        """Residual over the terms, root mean square over all accepted slabs, the largest slot."""
        shares = np.divide(self.residual, self.scale, out=np.zeros_like(self.scale), where=self.scale > 0)
        return float(np.sqrt(shares.max(initial=0.0)))

    @property
    def rounding(self) -> float:
        """The largest defect that neither shorter slabs nor more kernels have lowered, if it is as small as rounding can be."""
        return float(max((d for d in (self.time_floor, *self.floor) if d < ROUNDING), default=0.0))

    def learn(self, length: float, quality: Quality) -> None:
        """A new slab begins: forget what concerned the last one, but not what rounding allows."""
        self.residual = self.residual + length * quality.residual**2
        self.scale = self.scale + length * quality.scale**2
        self.rejected, self.blurred, self.refined = (np.inf, np.inf), np.full_like(self.blurred, np.inf), np.zeros_like(self.refined)
        self.floor = np.where(self.floor < ROUNDING, self.floor, 0.0)

    def refined_on(self, verdict: Verdict) -> None:
        self.blurred, self.refined = np.where(verdict.blamed, verdict.on_axes, np.inf), self.refined + verdict.blamed


@dataclass(frozen=True, eq=False)
class Verdict:
    """Relative residual outside the time modes, outside each axis' modes, and in all. blamed: axes worth refining; slow: a shorter
    slab would help; factor: by which the length could change."""

    quality: Quality
    in_time: float
    on_axes: Array
    total: float
    blamed: Array
    slow: bool
    factor: float

    @property
    def rough(self) -> bool:
        return self.total > ROUGH

    def shortening(self, known: Known, h: float, tolerance: float) -> float:
        """Factor for a slab that is too long. After a second rejection the order seen between the two decides: near t = 0 a kink
        leaves defects that fall like a root of h only, and the spectral law would take many attempts."""
        longer, worse = known.rejected
        if np.isfinite(longer) and h < 0.95 * longer and 0.0 < self.in_time < worse:
            order = np.log(worse / self.in_time) / np.log(longer / h)
            return float(np.clip((MARGIN * tolerance / self.in_time) ** (1 / max(order, 0.5)), 0.01, 0.8))
        return 0.9 * min(self.factor, 0.8)


def judged(known: Known, system: SlabSystem, W: Array, tolerance: float, passed: float, whole: float, shortens: bool) -> Verdict:
    """passed: time before the slab. shortens: may it become shorter? Updates the floors of `known`."""
    quality, h = system.quality(W), system.length
    in_time, on_axes, total = _relative(known, quality, h, passed + h, whole)
    blamed = on_axes > SAFETY * tolerance
    useless = (on_axes > USELESS * known.blurred) & ((known.refined > 1) | (on_axes < ROUNDING))
    known.floor = np.where(useless, np.maximum(known.floor, on_axes), known.floor)
    blamed &= on_axes > 2 * known.floor
    slow = in_time > SAFETY * tolerance and shortens
    if not blamed.any() and in_time < ROUNDING and h < 0.8 * known.rejected[0] and in_time > 0.5 * known.rejected[1]:
        known.time_floor = in_time  # shorter slabs do not help
    slow = slow and in_time > 2 * known.time_floor
    share = MARGIN * tolerance / max(in_time, 1e-6 * tolerance, 1e-15)
    factor = float(np.clip(share ** (1.0 / (0.75 * system.time.modes)), LEAST, MOST))
    if in_time <= 2 * known.time_floor:  # rounding does not fall with the length: back to longer slabs
        factor = max(factor, RECOVERY)
    elif h < EARLY * whole and factor > 1.0:
        factor = max(factor, min(_after_start(passed, h, share, system.time.modes), MOST_EARLY))
    return Verdict(quality, in_time, on_axes, total, blamed, slow, factor)


def _after_start(passed: float, h: float, share: float, modes: int) -> float:
    """Growth of slabs that follow a start which is not smooth. On [t, q t] a singularity at 0 leaves rho^-modes,

        (q + 1)/(q - 1) = (rho + 1/rho)/2,    q = ((rho + 1)/(rho - 1))^2

    so that what this slab left tells the q of the next one, which may leave `share` times as much."""
    if passed <= 0.0:
        return MOST_EARLY**0.5
    root = np.sqrt((passed + h) / passed)
    rho = max((root + 1) / (root - 1) / share ** (1 / modes), 1.2)
    return float(0.8 * (((rho + 1) / (rho - 1)) ** 2 - 1) * (passed + h) / h)


def _relative(known: Known, quality: Quality, h: float, passed: float, whole: float) -> tuple[float, Array, float]:
    scale = np.sqrt((known.scale + h * quality.scale**2) / passed)
    scale = np.maximum(scale, 1e-12 * scale.max())
    if scale.max() == 0.0:
        return 0.0, np.zeros(len(quality.axes)), 0.0
    weight = np.sqrt(h / max(h, whole / SHARE)) / scale
    axes = (quality.axes * weight).max(axis=1) if len(quality.axes) else np.zeros(0)
    return float((quality.time * weight).max()), axes, float((quality.residual * weight).max())
