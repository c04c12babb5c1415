"""Warnings about sub-ranges: there where something goes wrong, silent where nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdelang.compiler import pipeline
from pdelang.language.semantics import load, parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.pde"))
WALLS = "x in [0, 1]; t in [0, 1]\nu(x, 0) = sin(pi*x)\non boundary: u = 0\n"
BOX = "x in [0, 1]; y in [0, 2]\non boundary: u = 0\n"


def said(text: str) -> list[tuple[str, str]]:
    return [(w.code, w.note) for w in pipeline.check(parse(text)).warnings if w.code >= "W340"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_examples_are_clean(path: Path) -> None:
    assert [w.code for w in pipeline.check(load(path)).warnings if w.code >= "W340"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WALLS + "param c in [0, 1]\nu_t = u_xx + u/(c - 0.25)^2", [("W340", "at c = 0.25")]),
        (WALLS + "param c in [0, 1]\nu_t = u_xx + u/(c^2 - c + 1)", []),
        (WALLS + "u_t = u_xx + u_x/x", [("W340", "at x = 0")]),
        (WALLS + "u_t = u_xx + if(x > 0, u_x/x, 0)", []),
        (WALLS + "param a in [0, 1]\nparam b in [0, 1]\nu_t = u_xx + u/(a + b)", [("W340", "at a = 0, b = 0")]),
        (WALLS + "param k in [-1, 2] = 1\nu_t = k*u_xx", [("W343", "for k in [-1, 0]")]),
        (WALLS + "param k in [0, 2]\nu_t = k*u_xx", [("W344", "for k = 0")]),
        (WALLS + "param k in [1, 2]\nu_t = k*u_xx", []),
        (WALLS + "param k in [1, 2]\n0 = u_t/k - u_xx", []),
        (WALLS + "param k in [1, 2]\nk*u_xx = u_t", []),
        (WALLS + "u_t + u_xx = 0", [("W343", "everywhere")]),
        (WALLS + "u_t = exp(u)*u_xx", []),
        (WALLS + "u_t + u*u_x = u_xx", []),
        (WALLS + "param a ~ normal(1, 1)\nu_t = a*u_xx", [("W343", "for a in [-2, 0]")]),
        (BOX + "param a in [0, 1]\nu_xx + a*u_yy = 1", [("W342", "at a = 0")]),
        (BOX + "param k in [1, 3]\nlaplacian(u) + k^2*u = 1", []),
        (BOX + "param k in [3, 4]\nlaplacian(u) + k^2*u = 1", [("W345", "at k = 3.512")]),
        (BOX + "param k in [3, 4]\nlaplacian(u) - k^2*u = 1", []),
        (BOX + "laplacian(u) + (pi^2 + pi^2/4)*u = 1", [("W345", "")]),
        (BOX + "param L in [0.5, 1.5]\nu_xx/L^2 + u_yy/L^2 + 12*u = 1", [("W345", "at L = 1.014")]),
    ],
)
def test_warnings(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(text) == expected


def test_kuramoto_sivashinsky_is_not_backward_heat() -> None:
    """The second derivative has the wrong sign, the fourth outweighs it."""
    periodic = "x in [0, 32*pi] periodic\nt in [0, 1]\nu(x, 0) = cos(x/16)\n"
    assert said(periodic + "u_t + u*u_x + u_xx + u_xxxx = 0") == []
    assert said(periodic + "u_t + u*u_x - u_xx - u_xxxx = 0") == [("W343", "everywhere")]


def test_a_neumann_wall_moves_the_resonances() -> None:
    text = "x in [0, 1]; y in [0, 2]\nu(0, y) = 0\nu_x(1, y) = 0\nu(x, 0) = 0\nu(x, 2) = 0\nparam k in [3, 4]\nlaplacian(u) + k^2*u = 1"
    assert said(text) == []
