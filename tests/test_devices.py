"""The answer does not depend on how many devices the host shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

import pdelang
from pdelang.compiler.parameters import UsageError


def solved(method: str, devices: int) -> dict[str, float]:
    program = f"""
import json, jax, pdelang
assert len(jax.devices()) == {devices}
solution = pdelang.solve("examples/convection.pde", method="{method}", tolerance=1e-4, beta=5.0)
print(json.dumps({{"u": float(solution(x=1.0, t=0.5)), "error": solution.relative_l2["u"]}}))
"""
    return _run(program, devices)


def _run(program: str, devices: int, flags: str = "") -> Any:
    """What a program prints, where JAX shows so many devices."""
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} {flags}"}
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
    one, four = (_run(FAMILY, devices) for devices in (1, 4))
    assert (one["devices"], four["devices"]) == (1, 4)
    assert four["loss"] == pytest.approx(one["loss"], rel=1e-9)
    assert four["query"] == pytest.approx(one["query"], rel=1e-7)
    assert four["sweep"] == pytest.approx(one["sweep"], rel=1e-9, abs=1e-12)


SPLIT = """
import json, re, sys, jax, pdelang
from pdelang.compiler.pipeline import compile as compile_problem
from pdelang.runtime import devices
from pdelang.runtime.generator.kernels_training import KernelsTraining
from pdelang.runtime.training import build

CASES = {
    "linear": ("u_x = c*u", {"generator": "plain", "batch": 2}),
    "nonlinear": ("u_x = c*u - 0.3*u^2", {"generator": "plain", "batch": 3}),
    "paper": ("u_x = c*u", {"generator": "plain", "objective": "paper", "batch": 1, "inner_steps": 1}),
}
found = {}
for name, (equation, settings) in CASES.items():
    program = compile_problem(pdelang.parse(f"x in [0, 1]; param c in [0.5, 2] = 1; {equation}; u(0) = 1", "growth.pde"))
    wanted = {"devices_a_condition": 4} if name == "nonlinear" and len(jax.devices()) == 4 else {}
    training = KernelsTraining.start(program, build(None, settings | wanted | {"kernels": 9, "steps": 4}))
    given = devices.everywhere((training.tree, training.moments, *training._drawn()))
    compiled = training._update.lower(*given).compile()
    rows = {int(n) for n in re.findall(r"f64\\[(?:\\d+,)*(\\d+),9\\]", compiled.as_text())}
    losses = []
    for _ in range(2):
        training.tree, training.moments, figures = compiled(*devices.everywhere((training.tree, training.moments, *training._drawn())))
        training.step += 1
        losses.append({k: float(v) for k, v in figures.items() if k in ("loss", "residual", "residual_worst")})
    described = devices.described(training.conditions_a_step, training.devices_a_condition)
    found[name] = {"losses": losses, "most": max(rows), "said": described}
print(json.dumps(found))
"""


def test_points_of_a_condition_on_four_devices() -> None:
    """One, two and three conditions a step: the rows of collocation are divided, and the losses are those of one device."""
    one, four = (_run(SPLIT, devices, "--xla_backend_optimization_level=0") for devices in (1, 4))
    for name, batch, parts in (("linear", 2, 2), ("nonlinear", 3, 4), ("paper", 1, 4)):
        assert f"{parts} of them for the points of each" in four[name]["said"]
        for mine, others in zip(one[name]["losses"], four[name]["losses"]):
            assert others == pytest.approx(mine, rel=1e-9)
        assert one[name]["most"] == 500 * batch
        assert four[name]["most"] <= (500 // parts + 1) * max(1, batch * parts // 4), "no device holds rows of others"


def test_devices_that_do_not_divide_evenly_are_refused() -> None:
    growth = pdelang.parse("x in [0, 1]; param c in [0.5, 2] = 1; u_x = c*u; u(0) = 1", "growth.pde")
    with pytest.raises(UsageError, match="3 devices a condition do not divide 1 device evenly"):
        pdelang.train(growth, generator="plain", devices_a_condition=3)
