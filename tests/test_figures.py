"""The studies behind the figures: matched counts, resumable files, tables from rows."""

from __future__ import annotations

from pathlib import Path

import jax
import pytest


@pytest.fixture(autouse=True)
def _as_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")


def test_all_contenders_have_as_many_parameters() -> None:
    from figures.cases import problem
    from figures.contenders import CONTENDERS, STEPPED, Budget, matched

    from pdelang.runtime.baselines import network_class
    from pdelang.runtime.baselines.seam import count
    from pdelang.runtime.baselines.settings import settings
    from pdelang.runtime.baselines.train import size_of

    for name in ("convection", "helmholtz"):
        case = problem(name)
        wanted = matched(case, Budget(1))
        for ansatz in {CONTENDERS[c].settings["ansatz"] for c in STEPPED} - {"rbf"}:
            network = network_class(ansatz).sized(size_of(case.compiled, case.parameters), wanted, **settings(ansatz).shape)
            assert count(jax.eval_shape(network.init, jax.random.key(0))) == pytest.approx(wanted, rel=0.05), ansatz


def test_a_finished_run_is_not_repeated_and_a_torn_line_is_dropped(tmp_path: Path) -> None:
    from figures.study import Study

    path, ran = tmp_path / "study.csv", []

    def measure(name: str, seed: int) -> list[dict[str, float]]:
        ran.append((name, seed))
        return [{"error": 0.25}, {"error": 0.125}]

    Study(path, ("name", "seed"), ("error",)).run([("a", 0)], measure)
    with path.open("a") as file:
        file.write("b,0,0.5\nc,0,0.")
    again = Study(path, ("name", "seed"), ("error",))
    again.run([("a", 0), ("b", 0), ("c", 0)], measure)
    assert ran == [("a", 0), ("c", 0)]
    assert [row["error"] for row in Study(path, ("name", "seed"), ("error",)).of(name="c")] == ["0.25", "0.125"]


def test_the_clock_and_the_error_of_a_trace() -> None:
    from figures.cases import problem
    from figures.contenders import Budget, begin, trace

    budget = Budget(200, unknowns=600, collocation=512, measured=2)
    points = list(trace(begin("rbf", problem("fit"), budget, 0), problem("fit"), budget))
    assert [p.step for p in points] == [0, 100, 200]
    assert points[0].error == pytest.approx(1.0)
    assert points[2].error < points[1].error < 1
    assert points[2].seconds > points[1].seconds > 0


@pytest.mark.parametrize(
    ("name", "steps", "fewer", "bound"),
    [
        ("pikan", 100, {}, 0.1),
        ("mlp", 60, {"collocation": 512}, 0.65),
        ("pig", 200, {"collocation": 1024}, 0.5),
        ("spinn", 400, {"collocation": 729, "learning_rate": 1e-2, "alpha_initial": 10.0, "alpha_boundary": 10.0}, 0.9),
    ],
)
def test_a_network_at_its_authors_size(name: str, steps: int, fewer: dict, bound: float) -> None:
    """A few of their steps: PIKAN's Poisson is nearly where they end, the others are on the way."""
    from published import PUBLISHED, measured

    row = PUBLISHED[name]
    (found,) = measured(row, steps, **fewer)
    assert found["parameters"] == pytest.approx(row.options["unknowns"], rel=0.05)
    assert found["error"] < bound


def test_how_a_short_training_ends_is_told_in_words(tmp_path: Path) -> None:
    from ansatz import honest, table, trained
    from figures.study import Study

    study = Study(tmp_path / "ansatz.csv", ("example", "ansatz", "steps"), ("status", "size", "words"))
    study.run([("heat", "rbf", 2), ("heat", "no such", 2)], trained)
    ended, raised = study.rows
    assert honest(ended)
    assert "option steps" in ended["words"]
    assert not honest(raised)
    text = table(study, 2)
    assert "| rbf | 1 | 1 | 0 |" in text
    assert "- heat by no such, raised: KeyError" in text
