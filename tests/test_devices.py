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


FAMILY = """
import json, jax, pdelang
growth = pdelang.parse("x in [0, 1]; param c in [0.5, 2] = 1; u_x = c*u; u(0) = 1", "growth.pde")
family = pdelang.train(growth, generator="plain", kernels=8, batch=6, steps=3)
heat = "x in [0, pi]; t in [0, 1]; param k in [0.5, 3] = 1; u_t = k*u_xx; u(x, 0) = sin(x); u(0, t) = 0; u(pi, t) = 0"
data = pdelang.sweep(pdelang.parse(heat, "heat.pde"), k=[0.5, 1.5, 2.5], grid=8, tolerance=1e-4)
print(json.dumps({
    "devices": len(jax.devices()),
    "loss": family.record.figures["loss"],
    "query": float(family.query(c=1.2, fallback=False)(x=0.5)),
    "sweep": data.u.values.ravel().tolist(),
}))
"""


def test_training_query_and_sweep_on_four_devices() -> None:
    """Six conditions a step on four devices: two rows each, the last two filled up."""
    found = []
    for devices in (1, 4):
        environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
        run = subprocess.run([sys.executable, "-c", FAMILY], env=environment, capture_output=True, text=True, check=True)
        found.append(json.loads(run.stdout))
    one, four = found
    assert (one["devices"], four["devices"]) == (1, 4)
    assert four["loss"] == pytest.approx(one["loss"], rel=1e-9)
    assert four["query"] == pytest.approx(one["query"], rel=1e-7)
    assert four["sweep"] == pytest.approx(one["sweep"], rel=1e-9, abs=1e-12)
