"""`-p NAME=VALUE` and `-O NAME=VALUE`."""

from __future__ import annotations

import math

import pytest

from pdelang.cli.assignments import assignments, numbers, word_or_number
from pdelang.cli.errors import CommandError
from pdelang.runtime.options import build


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nu=0.01", 0.01),
        (" nu = 1e-3 ", 1e-3),
        ("nu=0.01/pi", 0.01 / math.pi),
        ("nu=2*pi", 2 * math.pi),
        ("nu=-pi", -math.pi),
        ("nu=1e-2/1e-1", 0.1),
        ("nu=0.1,0.2", [0.1, 0.2]),
        ("nu=(0.1, -0.2, 3)", [0.1, -0.2, 3.0]),
    ],
)
def test_values(text: str, value: object) -> None:
    assert assignments([text], "-p", numbers) == {"nu": pytest.approx(value, rel=1e-15)}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["nu"], "-p 'nu': write -p NAME=VALUE, for instance -p nu=0.01"),
        (["=1"], "-p '=1': write -p NAME=VALUE"),
        (["nu="], "-p 'nu=': write -p NAME=VALUE"),
        (["nu=1", "nu=2"], "-p nu: given twice"),
        (["nu=small"], "-p 'nu=small': 'small' is not a number"),
        (["nu=1,,2"], "'' is not a number"),
        (["nu=1/0"], "divides by zero"),
        (["nu=1/2/3"], "is not a number"),
        (["nu=__import__('os')"], "is not a number"),
    ],
)
def test_mistakes(texts: list[str], message: str) -> None:
    with pytest.raises(CommandError) as fault:
        assignments(texts, "-p", numbers)
    assert message in str(fault.value)


def test_the_example_of_an_option_is_one_that_it_takes() -> None:
    with pytest.raises(CommandError) as fault:
        assignments(["kernels"], "-O", word_or_number)
    example = str(fault.value).rpartition(" ")[2]
    assert build(None, assignments([example], "-O", word_or_number)).kernels == 400


def test_options_take_words_numbers_and_none() -> None:
    found = assignments(["method=least_squares", "kernels=none", "steps=10"], "-O", word_or_number)
    assert found == {"method": "least_squares", "kernels": None, "steps": 10.0}
