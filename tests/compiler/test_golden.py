"""Every stage of a few programs, held to what is in tests/golden.

After a deliberate change run with PDELANG_REGENERATE=1 and read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pdelang.compiler import pipeline
from pdelang.compiler.lowering import scattered
from pdelang.language.semantics import parse
from tests.compiler.programs import PROGRAMS

FOLDER = Path(__file__).parents[1] / "golden"
STAGES = ("ast", "problem", "residual", "latex", "analysis", "jax")


def text(name: str, stage: str) -> str:
    problem = parse(PROGRAMS[name], f"{name}.pde")
    result = pipeline.emit(problem, stage)
    if stage == "jax":  # the Gaussians are the same functions in every module, and have tests of their own
        checked = pipeline.check(problem)
        section = scattered.emit(checked.residual, checked.analysis).strip("\n")
        assert section in result
        result = result.replace(section, "# (scattered Gaussians)").replace("\n".join([*scattered.IMPORTS, ""]), "")
    return result


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_stage(name: str, stage: str) -> None:
    path = FOLDER / f"{name}.{stage}.txt"
    found = text(name, stage)
    if os.environ.get("PDELANG_REGENERATE"):
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found
