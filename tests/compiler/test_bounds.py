"""Programs that unfold: each compiles or is refused by a diagnostic that names its bound, in a second or two of processor time.

The bounds are counts (`derivation.NODES`, `intervals.EFFORT`, `language.limits`), so the answer is the same on every machine; the times
here leave room for a slow one. Without them seven nested derivatives took 36 s, and ten definitions that double 12 s.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
import sympy

from pdelang.compiler import pipeline, trees
from pdelang.language.codes import CODES
from pdelang.language.diagnostics import Diagnostic, ProblemError
from pdelang.language.semantics import parse

SECONDS = 15
DOMAIN = "x in [0, 1]\nt in [0, 1]\nu(x, 0) = 0\nu(0, t) = 0\nu(1, t) = 0\n"
EXACT = "x in [0, 1]\nt in [0, 1]\nu(x, 0) = exact\nu(0, t) = exact\nu(1, t) = exact\n"
FUNCTIONS = ("sin", "cos", "tanh", "exp", "atan", "sqrt", "abs", "erf")


def nested(r: random.Random) -> str:
    depth = r.randint(15, 60)
    return f"u_t = d({''.join(f'{r.choice(FUNCTIONS)}(' for _ in range(depth))}u*x{')' * depth}, x, {r.randint(1, 8)})\n" + DOMAIN


def nested_exact(r: random.Random) -> str:
    depth = r.randint(15, 80)
    return f"u_t = u_xx + source(exact)\nexact u = {'sin(' * depth}x*t{')' * depth}\n" + EXACT


def towers(r: random.Random) -> str:
    return f"u_t = u_xx + {'^'.join([r.choice(('u', '(1 + u^2)', '1.01', '(x + t)'))] * r.randint(20, 60))}\n" + DOMAIN


def wide_sum(r: random.Random) -> str:
    term = r.choice(("exp(-k*t)*sin(k*pi*x)", "exp(-(k*pi)^2*t)*sin(k*pi*x)/k", "cos(k*x + t)^k"))
    return f"u_t + u*u_x = u_xx + source(exact)\nexact u = sum(k in 1..{r.randint(200, 1000)}: {term})\n" + EXACT


def wide_sum_of_fields(r: random.Random) -> str:
    return f"u_t = u_xx + sum(k in 1..{r.randint(200, 1000)}: {r.choice(('u^k', 'sin(k*u)', 'u_x^2/(k + u^2)'))})\n" + DOMAIN


def brackets(r: random.Random) -> str:
    depth = r.randint(50, 190)
    return f"u_t = u_xx + {'(' * depth}u{')' * depth}\n" + DOMAIN


def doubling(r: random.Random) -> str:
    step = r.choice(("sin(g{0})*g{0}", "g{0}*g{0} + x", "g{0}/(1 + g{0}^2)"))
    depth = r.randint(5, 11)
    lets = "".join(f"let g{i + 1} = {step.format(i)}\n" for i in range(depth))
    return f"let g0 = u\n{lets}u_t = d(g{depth}, x, {r.randint(1, 4)})\n" + DOMAIN


def doubling_derivatives(r: random.Random) -> str:
    depth = r.randint(4, 8)
    lets = "".join(f"let g{i + 1} = d({r.choice(FUNCTIONS[:5])}(g{i}), x)\n" for i in range(depth))
    return f"let g0 = u\n{lets}u_t = g{depth}\n" + DOMAIN


def products(r: random.Random) -> str:
    factors = "*".join(f"{r.choice(FUNCTIONS[:4])}({i}*u + x)" for i in range(r.randint(2, 12)))
    return f"u_t = d({factors}, x, {r.randint(2, 8)})\n" + DOMAIN


def many_parameters(r: random.Random) -> str:
    n = r.randint(9, 60)
    declared = "".join(f"param p{i} in [0.1, 1]\n" for i in range(n))
    denominators = (" * ".join(f"p{r.randrange(n)}" for _ in range(8)) + f" - {i}*x*t" for i in range(40))
    return declared + "u_t = u_xx + " + " + ".join(f"u^2/({d})" for d in denominators) + "\n" + DOMAIN


def search(r: random.Random) -> str:
    w = r.choice(("w", "sin(w)", "w^2"))
    form = f"4*atan(sqrt(1 - {w}^2)/w*cos({w}*t)/cosh(sqrt(1 - {w}^2)*x))"
    return f"param w in [0.1, 0.9]\nu_tt = u_xx - sin(u) + source(exact)\nexact u = {form}\nu_t(x, 0) = 0\n" + EXACT


FAMILIES = (
    nested, nested_exact, towers, wide_sum, wide_sum_of_fields, brackets, doubling, doubling_derivatives, products, many_parameters, search,
)  # fmt: skip


@pytest.mark.parametrize(("seed", "family"), list(enumerate(FAMILIES)), ids=[f.__name__ for f in FAMILIES])
def test_what_unfolds_is_compiled_or_refused_in_bounded_time(seed: int, family: Callable[[random.Random], str]) -> None:
    text = family(random.Random(seed))
    begin = time.process_time()
    try:
        compile(pipeline.source(parse(text)), "module", "exec")
        found: tuple[Diagnostic, ...] = ()
    except ProblemError as fault:
        found = fault.diagnostics
    assert time.process_time() - begin < SECONDS
    assert all(d.code in CODES and d.message for d in found)


def test_the_bound_is_one_for_all_equations() -> None:
    """What one equation may cost ten may not cost ten times; the first that goes too far is the one that is reported."""
    one = "d(sin(exp(u{0}*x)*cos(u{0} + x)), x, 6) = 1\nu{0}(0) = 0\n"
    pipeline.check(parse("x in [0, 1]\n" + one.format(0)))
    with pytest.raises(ProblemError) as fault:
        pipeline.check(parse("x in [0, 1]\n" + "".join(one.format(i) for i in range(16))))
    assert [d.code for d in fault.value.diagnostics] == ["E612"]
    assert "30,000" in fault.value.diagnostics[0].note


def test_walks_see_each_shared_node_once() -> None:
    """Sixty doublings: 2^60 nodes written out, 121 as they are."""
    x, y = sympy.symbols("x y", real=True)
    e = x
    for _ in range(60):
        e = sympy.sin(e, evaluate=False) * e
    assert trees.written(e) > 10**9
    assert trees.symbols(e) == {x}
    assert trees.symbols(trees.replace(e, {x: y})) == {y}
    assert trees.replace(e, {y: x}) is e
    assert not trees.applies(e, sympy.cos)
