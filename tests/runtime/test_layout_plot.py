"""Pictures of layouts: which kernels a plane meets, their contours, how they are thinned; a picture for every kind of domain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pdelang
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.ellipses import Kernels, edges_of, kernels_on
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout_plot import plot_layout
from pdelang.runtime.solution import Solution

UNIT, ZERO = (0.0, 1.0), np.zeros(3)


def expansion(shears: list[float], centre: list[float]) -> GaussianExpansion:
    """One kernel of widths 0.3, 0.5, 0.7 in the reference box, on [0, 2] x [0, 4] x [0, 1]."""
    return GaussianExpansion(
        np.ones((1, 1)), np.array([centre]), np.log([[0.3, 0.5, 0.7]]), np.array([shears]), ZERO, np.array([2.0, 4.0, 1.0]), (False,) * 3
    )


@pytest.mark.parametrize("shears", [[0.0, 0.0, 0.0], [0.4, -0.3, 0.2]])
def test_contours_are_level_lines_of_the_kernel(shears: list[float]) -> None:
    """Along the contour at r widths the kernel is exp(-r^2/2) of its largest value on the slice."""
    kernel, radius, z = expansion(shears, [0.1, -0.2, 0.15]), 0.5, 0.6
    (own,) = kernels_on(kernel, (0, 1), {2: z}, ZERO, np.array([2.0, 4.0, 1.0]))
    (width,), (height,), (angle,) = own.ellipses(np.array([0]), radius)
    turn, phase = np.radians(angle), np.linspace(0, 2 * np.pi, 17)
    along, across = 0.5 * width * np.cos(phase), 0.5 * height * np.sin(phase)
    x = own.centres[0, 0] + np.cos(turn) * along - np.sin(turn) * across
    y = own.centres[0, 1] + np.sin(turn) * along + np.cos(turn) * across
    on_contour = kernel.jets(np.stack([x, y, np.full(17, z)], axis=1), [(0, (0, 0, 0))])[0]
    top = kernel.jets(np.array([[*own.centres[0], z]]), [(0, (0, 0, 0))])[0, 0]
    assert np.allclose(on_contour, np.exp(-(radius**2) / 2) * top, rtol=1e-12)


def test_a_slice_shows_what_is_near() -> None:
    box = np.array([2.0, 4.0, 1.0])
    (near,) = kernels_on(expansion([0, 0, 0], [0, 0, 0.5]), (0, 1), {2: 0.5}, ZERO, box)  # 0.5/0.7 widths away
    (far,) = kernels_on(expansion([0, 0, 0], [0, 0, 0.9]), (0, 1), {2: 0.5}, ZERO, box)
    assert (len(near.centres), len(far.centres)) == (1, 0)


def test_thinning_leaves_no_two_contours_that_overlap() -> None:
    line = np.linspace(0, 1, 21)
    centres = np.stack([np.repeat(line, 21), np.tile(line, 21)], axis=1)
    kernels = Kernels(centres, np.tile(np.diag([0.1**-2.0, 0.1**-2.0]), (441, 1, 1)))
    numbers = kernels.apart(0.5, np.full(2, 1e-3))
    distances = np.linalg.norm(centres[numbers][:, None] - centres[numbers], axis=-1)[~np.eye(len(numbers), dtype=bool)]
    assert len(numbers) == 121  # every second along each axis: they touch
    assert distances.min() > 0.1 * (1 - 1e-9)
    assert len(kernels.apart(0.5, np.full(2, 0.24))) == 25


@pytest.fixture(scope="module")
def moving() -> Solution:
    text = "x in [-1, 1]; t in [0, 1]\nu_t + u*u_x = u_xx/10\nu(x, 0) = -sin(pi*x)\non boundary: u = 0\n"
    return pdelang.solve(pdelang.parse(text, "moving"), tolerance=1e-3, time_limit=600)


def test_slabs_are_shown_each_with_its_own_kernels(moving: Solution, tmp_path: Path) -> None:
    assert moving.representation is not None
    edges = [0.0, *edges_of(moving.representation), 1.0]
    shown = list(kernels_on(moving.representation, (1, 0), {}, moving.lower, moving.upper))
    assert len(shown) == len(edges) - 1
    for own, low, high in zip(shown, edges, edges[1:]):
        assert own.centres[:, 0].min() >= low - 1e-12
        assert own.centres[:, 0].max() <= high + 1e-12
        assert np.abs(own.centres[:, 1]).max() <= 1
    text = plot_layout(moving, tmp_path / "u.svg").read_text()  # comments hold what the paths draw
    assert f"<!-- {moving.kernels:,} kernels in {len(edges) - 1} time slabs -->" in text


@pytest.mark.parametrize(
    ("program", "settings"),
    [
        ("t in [0, 1]\nu_t = -u\nu(0) = 1\n", {}),
        ("x in [0, 1]\nu_xx = 1\nu(0) = 0\nu(1) = 0\n", {"method": "least_squares"}),
        ("x in [0, 1]; y in [0, 1]\nlaplacian(u) = 1\nlaplacian(v) = u\non boundary: u = 0, v = 0\n", {}),
        ("x in [0, 1]; y in [0, 1]\nlaplacian(u) = 1\non boundary: u = 0\n", {"method": "least_squares"}),
        ("x in [0, 1]; y in [0, 1]; t in [0, 0.1]\nu_t = laplacian(u)\nu(x, y, 0) = sin(pi*x)*sin(pi*y)\non boundary: u = 0\n", {}),
        ("x in [0, 1]; y in [0, 1]; z in [0, 1]\nlaplacian(u) = sin(pi*x)*sin(pi*y)*sin(pi*z)\non boundary: u = 0\n", {}),
    ],
    ids=["time", "line", "plane", "scattered plane", "plane in time", "solid"],
)
def test_every_kind_of_domain_has_a_picture(program: str, settings: dict[str, str], tmp_path: Path) -> None:
    solution = pdelang.solve(pdelang.parse(program, "domain"), tolerance=1e-1, **settings)
    path = solution.plot_layout(tmp_path / "layout.png")
    assert path.stat().st_size > 20_000
    assert [p.name for p in tmp_path.iterdir()] == ["layout.png"]


def test_what_cannot_be_drawn_is_said(moving: Solution, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it does not move"):
        plot_layout(moving, tmp_path / "u.gif")
    with pytest.raises(UsageError, match=r"give one of \.png"):
        plot_layout(moving, tmp_path / "u.bmp")
    with pytest.raises(ValueError, match="no layout to plot"):
        plot_layout(replace(moving, representation=None), tmp_path / "u.png")
