"""`--ansatz` on one problem of every kind: a network that has not got there says so, with exit code 3."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

EXAMPLES = Path(__file__).parents[2] / "examples"
WHERE = """x in [0, 1]; y in [0, 1]
-laplacian(u) = source(exact)
exact u = sin(x)*cosh(y) + x*y
on y = 0: u = exact where x < 0.4
on y = 0: dn(u) = exact where x >= 0.4
on y = 1: u = exact
on x = 0: u = exact
on x = 1: u = exact
"""
KINDS = (
    ("schroedinger.pde", "pikan"),  # a system, periodic
    ("wave.pde", "pig"),  # second order in time
    ("poisson3d.pde", "spinn"),
    ("heat.pde", "lattice"),  # on a tensor grid
    ("where.pde", "mlp"),  # steady, conditions on parts of a face
)


@pytest.mark.parametrize(("example", "ansatz"), KINDS)
def test_a_short_training_ends_without_convergence_and_says_so(cli: Cli, example: str, ansatz: str, tmp_path: Path) -> None:
    (tmp_path / "where.pde").write_text(WHERE)
    file = next(path for path in (EXAMPLES / example, tmp_path / example) if path.exists())
    settings = ("-O", "steps=5", "-O", "unknowns=150", "-O", "collocation=64")
    ran = cli("solve", str(file), "--ansatz", ansatz, *settings)
    assert ran.code == 3
    assert "not converged: a limit of iterations or of time was reached" in ran.out
    assert f"{ansatz}: asked for: " in ran.out
    assert " parameters, 5 iterations" in ran.out
    assert "kernels" not in ran.out
    assert "Traceback" not in ran.out + ran.err
