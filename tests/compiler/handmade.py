"""Problems built by hand from the contract types, so that the compiler can be tested without the front end."""

from __future__ import annotations

from fractions import Fraction

from pdelang.language.expressions import Apply, Constant, Coordinate, Expr, Jet, Parameter
from pdelang.language.problem import CoordinateDecl, Equation, FieldDecl, ParameterDecl, Problem, Term
from pdelang.language.source import Source, Span

PI = Constant("pi")


def number(value: int | str) -> Constant:
    return Constant(Fraction(value))


def call(name: str, *arguments: Expr) -> Apply:
    return Apply(name, arguments)


def mul(*factors: Expr) -> Apply:
    return Apply("mul", factors)


def neg(e: Expr) -> Apply:
    return Apply("neg", (e,))


BURGERS = """# burgers.pde
problem burgers "Viscous Burgers equation"

x in [-1, 1]
t in [0, 1]
param nu in [0.001, 0.1] log = 0.01/pi      # a family; the default after =

u_t + u*u_x = nu*u_xx

u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""


def burgers() -> Problem:
    source = Source(BURGERS, "examples/burgers.pde")

    def span(text: str, after: int = 0) -> Span:
        start = BURGERS.index(text, after)
        return Span(start, start + len(text))

    line = BURGERS.index("u_t +")
    u, u_x, u_t, u_xx = Jet(0, (0, 0)), Jet(0, (1, 0)), Jet(0, (0, 1)), Jet(0, (2, 0))
    x, nu, one, zero = Coordinate(0), Parameter(0), number(1), number(0)
    equation = Equation(
        label="equation 1",
        kind="interior",
        terms=(
            Term(u_t, span("u_t", line)),
            Term(mul(u, u_x), span("u*u_x", line)),
            Term(neg(mul(nu, u_xx)), span("nu*u_xx", line)),
        ),
        places=((None, None),),
        where=None,
        span=span("u_t + u*u_x = nu*u_xx"),
    )
    initial = Equation(
        label="u(x, 0)",
        kind="initial",
        terms=(
            Term(u, span("u(x, 0)")),
            Term(call("sin", mul(PI, x)), span("-sin(pi*x)")),
        ),
        places=((None, zero),),
        where=None,
        span=span("u(x, 0) = -sin(pi*x)"),
    )
    walls = tuple(
        Equation(
            label=f"u({a}, t)",
            kind="boundary",
            terms=(Term(u, span(f"u({a}, t)")),),
            places=((number(a), None),),
            where=None,
            span=span(f"u({a}, t) = 0"),
        )
        for a in (-1, 1)
    )
    return Problem(
        name="burgers",
        title="Viscous Burgers equation",
        source=source,
        coordinates=(
            CoordinateDecl("x", neg(one), one, False, False, span("x in")),
            CoordinateDecl("t", zero, one, False, True, span("t in")),
        ),
        fields=(FieldDecl("u", Span(line, line + 1)),),
        parameters=(ParameterDecl("nu", "log", (0.001, 0.1), (0.003183098861837907,), None, False, span("nu in")),),
        equations=(equation,),
        conditions=(initial, *walls),
        exact=(None,),
        exact_spans=(None,),
    )
