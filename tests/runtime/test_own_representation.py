"""The page on representations of one's own: its program is taken out and run."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pdelang
from pdelang.runtime.baselines import NETWORKS
from pdelang.runtime.baselines.derivatives import point_jets

PAGE = Path(__file__).parents[2] / "docs" / "add-your-own-representation.md"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "fourier_features.py").write_text(block)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(NETWORKS, "fourier", raising=False)
    module = importlib.import_module("fourier_features")
    yield importlib.reload(module)
    NETWORKS.pop("fourier", None)


def test_its_jets_are_derivatives(page: Any) -> None:
    training_box = page.projected()[1]
    theta = training_box.init(jax.random.key(0))
    points = jnp.asarray(np.random.default_rng(0).uniform(size=(5, 2)))
    indices = [(0, (0, 0)), (0, (1, 0)), (0, (2, 1))]
    automatic = point_jets(lambda p: training_box.values(theta, p), points, indices)
    assert np.allclose(training_box.jets(theta, points, indices), automatic, rtol=1e-11, atol=1e-11)


def test_it_trains_and_comes_back_from_its_file(page: Any, tmp_path: Path) -> None:
    short, long = page.trained(1), page.trained(600)
    assert long.relative_l2["u"] < 0.2 * short.relative_l2["u"]
    again = pdelang.Solution.load(long.save(tmp_path / "u.nc"))
    assert np.array_equal(again(x=0.3, t=[0.1, 0.9]), long(x=0.3, t=[0.1, 0.9]))


def test_its_projection_is_exact_to_many_digits(page: Any) -> None:
    weights, network = page.projected()
    x, t = (g.ravel() for g in np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21)))
    values = network.values(weights, jnp.asarray(np.stack([x, t], axis=1)))[0]
    truth = np.exp(-0.1 * np.pi**2 * t) * np.sin(np.pi * x)
    error = np.linalg.norm(values - truth) / np.linalg.norm(truth)
    print(f"projected: {error:.1e}")
    assert error < 1e-6
