"""The pieces that pictures are made of: maps, profiles, errors on a logarithmic scale, residual bars. Each draws into one `Axes`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.runtime.certificate import Certificate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#22262b"
FAINT = "#8a9199"
DIVERGING = "RdBu_r"
SEQUENTIAL = "viridis"
ERRORS = "magma"
DECADES = 5
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": "#d9dde1",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "image.origin": "lower",
}


def colours(values: np.ndarray) -> dict[str, Any]:
    """A diverging map, white at zero, where both signs matter; a sequential one otherwise."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low <= 1e-12 * max(1.0, abs(high), abs(low)):  # constant to rounding: do not paint the noise
        low, high = low - 0.5, high + 0.5
    if min(-low, high) > 0.15 * max(-low, high):
        largest = max(-low, high)
        return {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}
    return {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}


def draw_map(figure: Figure, axes: Axes, x: np.ndarray, y: np.ndarray, values: np.ndarray, scale: dict[str, Any], label: str = "") -> Any:
    """values (len(x), len(y)) as colours; square pixels where the two axes are lengths is the caller's choice."""
    mesh = axes.pcolormesh(x, y, values.T, shading="nearest", rasterized=True, **scale)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    figure.colorbar(mesh, ax=axes, label=label, pad=0.02, fraction=0.05, aspect=28)
    return mesh


def draw_error(figure: Figure, axes: Axes, x: np.ndarray, y: np.ndarray, difference: np.ndarray, label: str = "log₁₀ |error|") -> None:
    """|difference| (len(x), len(y)) in powers of ten, from the largest down, five steps a decade."""
    import matplotlib

    size = np.abs(difference)
    if not np.isfinite(size).any():
        size = np.zeros_like(size)
    top = float(np.nanmax(size)) or 1e-16
    logarithm = np.log10(np.clip(size, top * 10.0**-DECADES, None))
    steps = matplotlib.colormaps[ERRORS].resampled(5 * DECADES)
    ends = {"cmap": steps, "vmin": float(np.log10(top)) - DECADES, "vmax": float(np.log10(top))}
    draw_map(figure, axes, x, y, logarithm, ends, label)


def draw_profiles(axes: Axes, x: np.ndarray, profiles: Sequence[np.ndarray], labels: Sequence[str]) -> None:
    """One curve a label, early ones pale and late ones dark."""
    import matplotlib

    shades = matplotlib.colormaps["viridis_r"](np.linspace(0.12, 1.0, len(profiles)))
    for values, label, shade in zip(profiles, labels, shades):
        axes.plot(x, values, color=shade, lw=1.7, label=label)
    axes.set_xlim(x[0], x[-1])
    axes.grid(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(profiles) > 1:
        axes.legend(fontsize=8, handlelength=1.2, loc="best")


def draw_residuals(axes: Axes, certificate: Certificate) -> None:
    """Relative residual of each equation and misfit of each condition, largest first, at most eight; the tolerance as a line."""
    reports = sorted((*certificate.equations, *certificate.conditions), key=lambda r: -r.relative)[:8][::-1]
    floor = 1e-17
    sizes = [max(r.relative, floor) if np.isfinite(r.relative) else 1.0 for r in reports]
    shades = ["#3f6fb0" if r.relative <= certificate.tolerance else "#c8553d" for r in reports]
    axes.barh(range(len(reports)), sizes, color=shades, height=0.55)
    axes.set_xscale("log")
    axes.set_xlim(min([*sizes, certificate.tolerance]) / 30, max([*sizes, certificate.tolerance]) * 10)
    axes.axvline(certificate.tolerance, color=INK, lw=1, ls="--")
    axes.set_yticks(range(len(reports)), [shortened(r.label, 24) for r in reports], fontsize=8)
    axes.set_xlabel("relative, independent points")
    axes.set_title("Residuals (dashed: tolerance)")
    axes.spines[["top", "right"]].set_visible(False)


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
