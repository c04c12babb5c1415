"""Every option has a range; what is outside is refused with what would be right."""

from __future__ import annotations

import dataclasses

import pytest

from pdelang.runtime.options import INTEGERS, NAMES, OPTIONAL, RANGES, WORDS, OptionError, SolveOptions, build, checked


def test_every_option_is_in_the_table() -> None:
    assert set(NAMES) == set(RANGES) | WORDS
    assert set(RANGES) >= INTEGERS | OPTIONAL


def test_the_defaults_are_legal() -> None:
    assert build(None, {}) == SolveOptions()
    assert build(None, dataclasses.asdict(SolveOptions())) == SolveOptions()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("tolerence", 1e-3, "did you mean 'tolerance'"),
        ("tolerance", 0, "between 1e-15 and 1"),
        ("tolerance", float("nan"), "between"),
        ("kernels", 10.5, "whole number"),
        ("kernels", True, "takes a number"),
        ("steps", "many", "takes a number"),
        ("seed", -1, "between 0 and 2147483647, not -1$"),
        ("seed", 99999999999999, "not 99999999999999$"),
        ("method", 3, "takes a word"),
        ("slabs", [1], "takes a number"),
        ("points", None, "takes a number"),
    ],
)
def test_a_bad_option_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        checked(name, value)


def test_values_get_their_own_type() -> None:
    options = build(SolveOptions(seed=3), {"kernels": 100.0, "tolerance": 1})
    assert (options.kernels, options.tolerance, options.seed) == (100, 1.0, 3)
    assert isinstance(options.kernels, int)
    assert build(None, {"slabs": None}).slabs is None
