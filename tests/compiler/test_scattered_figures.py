"""Figures that no other program on the machine changes: bytes of temporaries, and ratios with wide margins."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import jax

from tests.compiler import expansions as ex

PARAMS = {"nu": 0.01}


@cache
def burgers() -> Any:
    return ex.module_of(ex.BURGERS)


def temporaries(points: int, kernels: int) -> float:
    """MiB that loss and gradient need besides arguments and results."""
    module = burgers()
    program = jax.jit(jax.value_and_grad(lambda theta, points: module.loss(theta, points, PARAMS)))
    shapes = jax.eval_shape(lambda: (ex.kernels(module, kernels), ex.points_of(module, points, PARAMS)))
    return program.lower(*shapes).compile().memory_analysis().temp_size_in_bytes / 2**20


def test_temporaries_do_not_grow_with_points_and_kernels() -> None:
    """The arrays of one block, and a few numbers a point: 65,536 x 1,024 in double precision would be 512 MiB an array."""
    assert temporaries(65536, 1024) < 24
    assert temporaries(4096, 256) < 12


def test_block_jacobian_is_far_cheaper_than_forward_mode() -> None:
    """Measured 300 to 800 times at N = 2,000 and K = 100; 20 is asked here of a smaller case, on a machine that may be busy."""
    module = burgers()
    theta, points = ex.kernels(module, 60), ex.points_of(module, 1000, PARAMS)
    block = jax.jit(lambda theta: module.residual_jacobian(theta, points, PARAMS))
    forward = jax.jit(jax.jacfwd(lambda theta: module.residual(theta, points, PARAMS)))
    assert ex.difference(block(theta), forward(theta)) < 1e-11

    def seconds(run: Any, repeats: int) -> float:
        begin = time.process_time()
        for _ in range(repeats):
            jax.block_until_ready(run(theta))
        return (time.process_time() - begin) / repeats

    assert seconds(forward, 1) > 20 * seconds(block, 5)
