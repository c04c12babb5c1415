"""The table of families: held-out conditions, the direct solver at the same error, rows that are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _as_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")


def test_a_row_says_what_a_family_is_worth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import families
    from figures.study import Study

    for name, value in {"COUNT": 4, "DIRECT": 2, "SWEPT": 8, "LADDER": (1e-1, 1e-4, 1e-6)}.items():
        monkeypatch.setattr(families, name, value)
    case = families.Case("convection", 3e-5, (1e-3,))
    study = Study(tmp_path / "families.csv", ("family", "generator", "tolerance", "steps_asked"), families.COLUMNS)
    study.run([("convection", "spectral", "0.001", "")], lambda *_: families.measure(case, "spectral", 1e-3, None, None))
    (row,) = study.rows
    assert float(row["inside"]) < 1e-3
    assert (row["said"], row["silent"]) == ("4", "0"), "a sparse grid does not extrapolate, and says so"
    assert min(float(row[c]) for c in ("query", "direct", "training", "grids")) > 0
    assert families.table(study).count("\n") == 3


def test_outside_is_a_little_outside_in_one_parameter() -> None:
    import families

    from pdelang.runtime.generator.conditions import Conditions

    for case in families.CASES:
        held = families.held(case, outside=True)
        for number, given in enumerate(held.conditions):
            z = Conditions.of(held.compiled.problem).unit(given)
            assert np.sum(np.abs(z) > 1 + 1e-9) == 1, (case.program, number)
            assert np.abs(z).max() <= 1.4
