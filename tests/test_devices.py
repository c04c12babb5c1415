"""The answer does not depend on how many devices the host shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def solved(method: str, devices: int) -> dict[str, float]:
    program = f"""
import json, jax, pdelang
assert len(jax.devices()) == {devices}
solution = pdelang.solve("examples/convection.pde", method="{method}", tolerance=1e-4, beta=5.0)
print(json.dumps({{"u": float(solution(x=1.0, t=0.5)), "error": solution.relative_l2["u"]}}))
"""
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("method", ["product", "least_squares"])
def test_several_host_devices(method: str) -> None:
    one, four = solved(method, 1), solved(method, 4)
    assert four["error"] < 1e-4
    assert four["u"] == pytest.approx(one["u"], rel=1e-9)
