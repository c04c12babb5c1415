"""The lid-driven cavity by its stream function (benchmarks/cavity.py), on few kernels."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import pdelang


@pytest.fixture
def cavity(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    import cavity

    return cavity


def test_a_smooth_lid_has_the_velocities_of_the_reference(cavity: ModuleType) -> None:
    u, v, _ = cavity.smooth_lid()
    assert max(u, v) < 1e-8


def test_a_lid_of_speed_one_has_the_extremes_of_the_literature(cavity: ModuleType) -> None:
    """Taylor's corners and the smooth rest: Re = 100, 25 x 25 kernels."""
    solution = pdelang.solve(cavity.PROBLEMS / "cavity_classical.pde", kernels=900, time_limit=600)
    assert not solution.converged  # second derivatives of the vorticity at the corners are infinite, and it says so
    lines = cavity.centre_lines(solution)
    found = [cavity.extreme(lines[field], sign, bounds)[0] for _, field, sign, bounds in cavity.ROWS]
    np.testing.assert_allclose(found, cavity.SPECTRAL[100], atol=5e-5)
    x = np.linspace(0.01, 0.99, 9)
    np.testing.assert_allclose(lines["u"](np.array([0.0, 1.0])), (0.0, 1.0), atol=1e-5)
    assert np.isfinite(lines["v"](x)).all()
