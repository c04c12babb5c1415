"""Pictures made to be read in print: 7 inches wide, 8 point letters, colours that differ in grey, markers beside colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import geometric_mean
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from .cases import CASES
from .contenders import CONTENDERS, RATED, TOLERANCES
from .study import Row, Study

TICKS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000)
STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 1.2,
}


def rates_and_totals(study: Study, steps: int, problems: Sequence[str], total: str) -> Any:
    """Figure 1: boxes of the iteration rates of all runs, a panel a problem; bars of the summed time."""
    shown = [name for name in RATED if study.of(contender=name, steps=steps)]
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(1, len(problems) + 1, figsize=(7, 2.6), layout="constrained", sharey=True)
        places, labels = np.arange(len(shown)), [CONTENDERS[n].label for n in shown]
        for panel, name in zip(panels, problems):
            rates = [[float(r["rate"]) for r in study.of(problem=name, contender=n, steps=steps)] for n in shown]
            boxes = panel.boxplot(rates, positions=places, orientation="horizontal", widths=0.6, patch_artist=True, showfliers=False)
            for box, n in zip(boxes["boxes"], shown):
                box.set_facecolor(CONTENDERS[n].colour)
            plt.setp(boxes["medians"], color="black")
            panel.set(xscale="log", xlabel="steps a second", title=CASES[name].title)
            low, high = panel.get_xlim()
            panel.set_xticks([t for t in TICKS if low <= t <= high])
            panel.xaxis.set_major_formatter(lambda rate, _: f"{rate:g}" if rate < 1000 else f"{rate / 1000:g}k")
            panel.xaxis.set_minor_formatter(NullFormatter())
        runs = [study.of(problem=total, contender=n, steps=steps) for n in shown]
        panels[-1].barh(places, [sum(float(r["seconds"]) for r in found) for found in runs], color=[CONTENDERS[n].colour for n in shown])
        panels[-1].set(xlabel=f"seconds in {max(map(len, runs))} runs", title=f"{total}, {steps} steps a run")
        panels[0].set_yticks(places, labels)
        panels[0].invert_yaxis()
    return figure


def curve(rows: Sequence[Row], horizontal: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean place, geometric mean, least and largest error over the seeds, step by step (or tolerance by tolerance)."""
    steps: dict[str, list[Row]] = {}
    for row in rows:
        steps.setdefault(row["point"], []).append(row)
    groups = [[r for r in group if np.isfinite(float(r["error"]))] for group in steps.values()]
    groups = [group for group in groups if group]
    errors = [[max(float(r["error"]), 1e-16) for r in group] for group in groups]
    where = [float(np.mean([float(r[horizontal]) for r in group])) for group in groups]
    return (
        np.array(where),
        np.array([geometric_mean(e) for e in errors]),
        np.array([min(e) for e in errors]),
        np.array([max(e) for e in errors]),
    )


def errors(study: Study, names: Mapping[str, str], steps: int) -> Any:
    """Figure 2: error against time. names: problem -> title of its panel."""
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, (len(names) + 2) // 2, figsize=(7, 4.8), layout="constrained")
        panels = list(grid.ravel())
        for panel, (name, title) in zip(panels, names.items()):
            for key, contender in CONTENDERS.items():
                rows = [r for r in study.of(problem=name, contender=key, steps=steps) if float(r["seconds"]) > 0]
                if not rows:
                    continue
                where, mean, low, high = curve(rows, "seconds")
                line = "-" if len(where) > 1 else ""
                panel.plot(
                    where, mean, line, marker=contender.marker, color=contender.colour, markersize=4, markevery=[-1], label=contender.label
                )
                panel.fill_between(where, low, high, color=contender.colour, alpha=0.15, linewidth=0)
            panel.set(xscale="log", yscale="log", title=title, xlabel="seconds of one core", ylabel="relative $L_2$ error")
            panel.xaxis.set_minor_formatter(NullFormatter())
        for panel in panels[len(names) :]:
            panel.axis("off")
        handles = {label: h for p in panels for h, label in zip(*p.get_legend_handles_labels())}
        panels[-1].legend(handles.values(), handles.keys(), loc="center", frameon=False)
    return figure


def starts(study: Study, steps: int, labels: Mapping[str, tuple[str, str]]) -> Any:
    """Figure 3: error against steps from each initialisation, and the same at the start of the steps."""
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained", sharey=True)
        for panel, last in zip(panels, (50, steps)):
            for key, (label, colour) in labels.items():
                rows = [r for r in study.of(start=key, steps=steps) if int(r["step"]) <= last]
                if rows:
                    where, mean, low, high = curve(rows, "step")
                    panel.plot(where, mean, color=colour, label=label)
                    panel.fill_between(where, low, high, color=colour, alpha=0.15, linewidth=0)
            panel.set(yscale="log", xlabel="gradient steps", title=f"the first {last} steps")
        panels[0].set_ylabel("relative $L_2$ error")
        figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


__all__ = ["TOLERANCES", "curve", "errors", "rates_and_totals", "starts"]
