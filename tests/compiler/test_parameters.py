"""Values of parameters: filled in, checked, and refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from pdelang.compiler.parameters import UsageError, resolve
from pdelang.language.semantics import parse

PROBLEM = parse(
    """x in [0, 1]
param speed in [1, 2]
param a[2] in [-1, 1] = 0.5
param s ~ normal(0, 1)
u_xx = speed*a[1] + a[2]*s
on boundary: u = 0
"""
)


def test_defaults_are_filled_in() -> None:
    found = resolve(PROBLEM, {"speed": 1.25})
    assert found["speed"] == 1.25
    assert found["s"] == 0.0
    np.testing.assert_array_equal(found["a"], [0.5, 0.5])
    assert np.asarray(found["a"]).dtype == np.float64


def test_ends_belong_to_the_range() -> None:
    assert resolve(PROBLEM, {"speed": 2.0})["speed"] == 2.0
    assert resolve(PROBLEM, {"a": [-1, 1]})["a"] == pytest.approx([-1, 1])
    assert resolve(PROBLEM, {"s": 50})["s"] == 50


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sped": 1.0}, "unknown parameter `sped`: did you mean `speed`?"),
        ({"q": 1.0}, "unknown parameter `q`: there are: `speed`, `a`, `s`"),
        ({"speed": 3.0}, "parameter `speed` = 3 lies outside its range [1, 2]"),
        ({"a": [0.0, -2.0]}, "parameter `a` = -2 lies outside its range [-1, 1]"),
        ({"speed": float("nan")}, "parameter `speed` is not finite: nan"),
        ({"s": float("inf")}, "parameter `s` is not finite: inf"),
        ({"a": 0.5}, "parameter `a` takes 2 numbers, not 1"),
        ({"a[1]": 0.5}, "unknown parameter `a[1]`: `a` is given as a whole, its components separated by commas"),
        ({"a": [0.1, 0.2, 0.3]}, "parameter `a` takes 2 numbers, not 3"),
        ({"speed": [1.0, 2.0]}, "parameter `speed` takes one number, not 2"),
        ({"speed": "fast"}, "parameter `speed`: 'fast' is not a number"),
        ({"speed": 1 + 2j}, "parameter `speed`: (1+2j) is not a number"),
    ],
)
def test_refused(values: dict, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(PROBLEM, values)
    assert str(caught.value) == message


def test_a_problem_without_parameters_says_so() -> None:
    plain = parse("x in [0, 1]\nu_xx = 1\non boundary: u = 0\n")
    with pytest.raises(UsageError, match="this problem has no parameters"):
        resolve(plain, {"nu": 1.0})
