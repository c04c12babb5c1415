"""Emitted functions on NumPy arrays give what JAX gives, and step aside where NumPy lacks a function."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import pdelang
from pdelang.runtime.solve.host_functions import on_host, plain
from pdelang.runtime.solve.product.program import Program

TEXTS = {
    "polynomial": "x in [0, 1]\nt in [0, 1]\nparam k in [0.1, 1]\nu_t + u*u_x = k*u_xx\nu(x, 0) = sin(pi*x)\nu(0, t) = t\nu(1, t) = 0",
    "functions": "x in [0, 1]\nt in [0, 1]\nu_t = u_xx + exp(-u)*cos(x*t) + abs(u)\nu(x, 0) = x\nu(0, t) = t\nu(1, t) = 1",
}


@pytest.mark.parametrize("name", TEXTS)
def test_same_values_as_jax(name: str) -> None:
    compiled = pdelang.compile(pdelang.parse(f"problem p\n{TEXTS[name]}"))
    program = Program(compiled, compiled.parameters())
    jitted = replace(program)
    jitted.__dict__["_on_host"] = None
    assert program._on_host is not None
    rng = np.random.default_rng(3)
    points = np.asfortranarray(rng.random((5000, 2)))  # more than a chunk
    jets = rng.standard_normal((len(program.indices), 5000))
    for ours, theirs in zip(program.interior(jets, points), jitted.interior(jets, points)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)
    for number, condition in enumerate(compiled.conditions):
        few = jets[: len(condition.jets), :40]
        for ours, theirs in zip(program.condition(number, few, points[:40]), jitted.condition(number, few, points[:40])):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)


def test_functions_from_elsewhere_stay_with_jax() -> None:
    compiled = pdelang.compile(pdelang.parse(f"problem p\n{TEXTS['polynomial']}"))
    first, *others = compiled.equations

    def residual(jets, points, params):
        return jax.lax.add(jets[0], jets[1])

    strange = replace(compiled, equations=(replace(first, residual=residual), *others))
    assert on_host(strange, plain(strange.parameters())) is None
