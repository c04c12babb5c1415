"""The comparison with other codes: what needs no extra, small, and the arithmetic of its tables."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def peers() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("peers", BENCHMARKS / "peers.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize(
    ("rival", "problem", "number", "error"),
    [
        ("with_scipy", "helmholtz", 3, 1e-10),
        ("with_scipy", "convection", 1, 1e-6),
        ("with_scipy_lines", "boundary_layer", 2, 1e-9),
        ("with_scipy_lines", "allen_cahn", 0, 1e-3),
        ("with_pdelang", "helmholtz", 3, 1e-8),
    ],
)
def test_each_code_solves_its_problem(peers: ModuleType, rival: str, problem: str, number: int, error: float) -> None:
    record = peers.measure(rival, problem, number)
    assert record["error"] < error
    assert record["seconds"] > 0


def test_periodic_answers_are_compared_by_their_trigonometric_interpolant(peers: ModuleType) -> None:
    x, t = 2 * np.pi * np.arange(16) / 16, np.linspace(0, 1, 101)
    from rivals import Answer

    answer = Answer((x, t), np.sin(x[:, None] - 30 * t), 2 * np.pi)
    assert peers.error(answer, peers.TRUTHS["convection"]()) < 1e-13


def test_ratio_is_taken_against_the_fastest_other_code_that_is_accurate_enough(peers: ModuleType) -> None:
    def run(code: str, error: float, seconds: float) -> dict[str, object]:
        return {"problem": "p", "code": code, "error": error, "seconds": seconds}

    records = [run("pdelang", 1e-7, 3.0), run("a", 1e-8, 2.0), run("b", 1e-7, 1.5), run("c", 1e-4, 0.1), {"problem": "p", "code": "d"}]
    assert peers.at_levels(records, "p")[-1][2:] == ["30.0x", "2.0x", "-"]
