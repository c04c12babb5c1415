"""Programs that compile and must not fool anybody: ill-posed, singular, contradictory, badly scaled or trivial.

`benchmarks/reliability.py` solves them all and prints a table; `test_reliability.py` takes those that are quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hostile:
    """One program. A `converged` answer is right only where `truth` is known and met: the program's own `exact`.

    solvable: it has a solution that a solver of this kind must find. words: one of them stands in the message where it does not converge.
    quick: seconds rather than a minute.
    """

    name: str
    program: str
    solvable: bool = False
    words: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)
    tolerance: float = 1e-6
    quick: bool = False


UNIT = "x in [0, 1]; t in [0, 1]\n"
RING = "x in [-1, 1] periodic; t in [0, 1]\n"
WALLS = "on boundary: u = 0\n"
SQUARE = "x in [0, 1]; y in [0, 1]\n"

ILL_POSED = (
    Hostile("backward heat, sine", UNIT.replace("t in [0, 1]", "t in [0, 0.1]") + "u_t = -u_xx\nu(x, 0) = sin(pi*x)\n" + WALLS
            + "exact u = exp(pi^2*t)*sin(pi*x)\n", words=("ill-posed", "well posed")),
    Hostile("backward heat, bump", RING + "u_t = -u_xx\nu(x, 0) = exp(-20*x^2)\n", words=("ill-posed", "well posed")),
    Hostile("backward heat, constant", RING + "u_t = -u_xx\nu(x, 0) = 1\nexact u = 1\n", words=("ill-posed", "well posed")),
    Hostile("backward biharmonic", RING + "u_t = u_xxxx\nu(x, 0) = sin(pi*x)\n", words=("ill-posed", "well posed")),
    Hostile("Laplace, Cauchy data", RING + "u_tt = -u_xx\nu(x, 0) = sin(pi*x)\nu_t(x, 0) = 0\nexact u = sin(pi*x)*cosh(pi*t)\n",
            words=("ill-posed", "well posed")),
    Hostile("Laplace, Cauchy data of a bump", RING + "u_tt = -u_xx\nu(x, 0) = exp(-20*x^2)\nu_t(x, 0) = 0\n",
            words=("ill-posed", "well posed")),
    Hostile("backward heat in a plane", SQUARE + "t in [0, 0.1]\nu_t = -laplacian(u)\nu(x, y, 0) = sin(pi*x)*sin(pi*y)\n" + WALLS,
            words=("ill-posed", "well posed")),
)  # fmt: skip

SINGULAR = (
    Hostile("inviscid Burgers past its shock", RING + "u_t + u*u_x = 0\nu(x, 0) = -sin(pi*x)\n", words=("shock",)),
    Hostile("Burgers, nu = 0", RING + "param nu in [0, 1] = 0\nu_t + u*u_x = nu*u_xx\nu(x, 0) = -sin(pi*x)\n", words=("shock",)),
    Hostile("inviscid Burgers in a plane", "x in [-1, 1] periodic; y in [-1, 1] periodic; t in [0, 1]\nu_t + u*u_x + u*u_y = 0\n"
            "u(x, y, 0) = -sin(pi*x)*cos(pi*y)\n", words=("shock",)),
    Hostile("blow-up of an ordinary equation", "t in [0, 1]\nu_t = u^2\nu(0) = 2\n", words=("singular", "grow")),
    Hostile("blow-up of a profile", RING + "u_t = u_xx + u^2\nu(x, 0) = 10 + cos(pi*x)\n", words=("singular", "grow")),
    Hostile("thermal runaway", UNIT + "u_t = u_xx + 20*exp(u)\nu(x, 0) = 0\n" + WALLS, words=("singular", "grow", "shock")),
    Hostile("Bratu beyond the fold", "x in [0, 1]\n-u_xx = 10*exp(u)\nu(0) = 0\nu(1) = 0\n", words=("Newton",)),
    Hostile("overflow in exp", RING + "u_t = exp(1000*u)\nu(x, 0) = 1 + cos(pi*x)\n", words=("bounded",)),
    Hostile("logarithm of a negative field", RING + "u_t = u_xx + log(u)\nu(x, 0) = sin(pi*x)\n", words=("defined",)),
    Hostile("square root at zero", "t in [0, 3]\nu_t = -sqrt(u)\nu(0) = 1\n", words=("finite", "singular")),
    Hostile("division by a field that crosses zero", RING + "u_t = 1/u\nu(x, 0) = cos(pi*x)\n", words=("finite", "singular", "smooth")),
    Hostile("initial values with a pole", "x in [0, 1]; t in [0, 1]\nu_t = u_xx\nu(x, 0) = 1/x\non boundary: u = 1\n",
            words=("finite", "smooth")),
    Hostile("huge values that overflow", RING + "u_t = u^2\nu(x, 0) = 1e300*cos(pi*x)\n", words=("bounded", "singular", "grow")),
    Hostile("coefficient that vanishes at the start", "t in [0, 1]\nt*u_t = u\nu(0) = 0\n", solvable=True),  # by any multiple of t
    Hostile("coefficient that vanishes inside", "x in [-1, 1]\nx*u_x = 1\nu(1) = 0\n"),
    Hostile("eikonal kink", RING + "u_t = -abs(u_x)\nu(x, 0) = cos(pi*x)\n"),
)  # fmt: skip

ROUGH = (
    Hostile("incompatible corners", UNIT + "u_t = u_xx\nu(x, 0) = 1\n" + WALLS, solvable=True),  # to its estimate: test_product_rough.py
    Hostile("convection of a step", RING + "u_t + u_x = 0\nu(x, 0) = heaviside(x)\n", words=("jump",)),
    Hostile("heat from a step", RING + "u_t = u_xx\nu(x, 0) = heaviside(x)\n", words=("jump",)),
    Hostile("lid with jumps", SQUARE + "laplacian(u) = 0\non x = 0: u = 0\non x = 1: u = 0\non y = 0: u = 0\non y = 1: u = 1\n"),
    Hostile("source with a jump", "x in [0, 1]\n-u_xx = heaviside(x - 1/3)\nu(0) = 0\nu(1) = 0\n", words=("jump",)),
    Hostile("root at the end", "x in [0, 1]\nu_x = 1/(2*sqrt(x))\nu(1) = 1\n"),
)  # fmt: skip

CONDITIONS = (
    Hostile("Helmholtz at resonance", SQUARE + "laplacian(u) + 2*pi^2*u = sin(pi*x)*sin(pi*y)\n" + WALLS),
    Hostile("Helmholtz at resonance, one dimension", "x in [0, 1]\nu_xx + pi^2*u = sin(pi*x)\nu(0) = 0\nu(1) = 0\n"),
    Hostile("eigenfunction undetermined", "x in [0, 1]\nu_xx + pi^2*u = 0\nu(0) = 0\nu(1) = 0\n"),
    Hostile("Neumann, no solution", SQUARE + "laplacian(u) = 1\non boundary: dn(u) = 0\n"),
    Hostile("Neumann, known up to a constant", SQUARE + "laplacian(u) = -2*pi^2*cos(pi*x)*cos(pi*y)\non boundary: dn(u) = 0\n"),
    Hostile("a wall without a condition", UNIT + "u_t = u_xx\nu(x, 0) = sin(pi*x)\nu(0, t) = 0\n"),
    Hostile("a steady wall without a condition", "x in [0, 1]\nu_xx = 1\nu(0) = 0\n"),
    Hostile("no initial condition", UNIT + "u_t = u_xx\non boundary: u = 0\n"),
    Hostile("conditions that contradict each other", UNIT + "u_t = u_xx\nu(x, 0) = sin(pi*x)\nu(0, t) = 0; u(1, t) = 0; u_x(0, t) = 0\n"),
    Hostile("a condition in place of another's", UNIT + "u_t = u_xx\nu(x, 0) = sin(pi*x)\n" + WALLS + "u_x(0, t) = 0\n", solvable=True),
    Hostile("conditions twice", UNIT + "u_t = u_xx\nu(x, 0) = sin(pi*x)\n" + WALLS + "u_x(0, t) = pi*exp(-pi^2*t)\n"
            "exact u = exp(-pi^2*t)*sin(pi*x)\n"),
    Hostile("transport against its inflow", UNIT + "u_t + u_x = 0\nu(x, 0) = sin(pi*x)\nu(1, t) = 0\n"),
    Hostile("layer without viscosity", "x in [0, 1]\nparam eps in [0, 1] = 0\neps*u_xx + u_x = 1\nu(0) = 0\nu(1) = 0\n"),
)  # fmt: skip

FAST = (
    Hostile("wave of speed 1e6", UNIT + "u_tt = 1e12*u_xx\nu(x, 0) = sin(pi*x)\nu_t(x, 0) = 0\n" + WALLS
            + "exact u = sin(pi*x)*cos(1e6*pi*t)\n", words=("time",)),
    Hostile("stiff relaxation", "t in [0, 1]\nu_t = -1e6*(u - cos(t)) - sin(t)\nu(0) = 1\nexact u = cos(t)\n", solvable=True),
    Hostile("stiff relaxation with a layer", "t in [0, 1]\nlet a = 1e6\nu_t = -a*(u - cos(t))\nu(0) = 0\n"
            "exact u = (a^2*(cos(t) - exp(-a*t)) + a*sin(t))/(a^2 + 1)\n", solvable=True),
    Hostile("fast decay of a profile", RING + "u_t = 1e6*u_xx\nu(x, 0) = 1 + cos(pi*x)\nexact u = 1 + exp(-1e6*pi^2*t)*cos(pi*x)\n"),
)  # fmt: skip

TRIVIAL = (
    Hostile("zero", UNIT + "u_t = u_xx\nu(x, 0) = 0\n" + WALLS + "exact u = 0\n", solvable=True, quick=True),
    Hostile("zero, steady", SQUARE + "laplacian(u) = 0\n" + WALLS + "exact u = 0\n", solvable=True, quick=True),
    Hostile("zero, nonlinear", RING + "u_t + u*u_x = u_xx\nu(x, 0) = 0\nexact u = 0\n", solvable=True, quick=True),
    Hostile("constant", UNIT + "u_t = u_xx\nu(x, 0) = 3\non boundary: u = 3\nexact u = 3\n", solvable=True, quick=True),
    Hostile("constant, nonlinear", RING + "u_t + u*u_x = u_xx\nu(x, 0) = 3\nexact u = 3\n", solvable=True, quick=True),
    Hostile("constant, steady", SQUARE + "laplacian(u) = 0\non boundary: u = 3\nexact u = 3\n", solvable=True, quick=True),
    Hostile("one field zero", RING + "u_t = u_xx\nv_t = v_xx + u\nu(x, 0) = 0\nv(x, 0) = sin(pi*x)\nexact u = 0\n"
            "exact v = exp(-pi^2*t)*sin(pi*x)\n", solvable=True, quick=True),
    Hostile("heat, conductivity 0", RING + "param k in [0, 1] = 0\nu_t = k*u_xx\nu(x, 0) = sin(pi*x)\n", solvable=True, quick=True),
    Hostile("convection, speed 0", RING + "param c in [0, 1] = 0\nu_t + c*u_x = 0\nu(x, 0) = sin(pi*x)\n", solvable=True, quick=True),
    Hostile("wave, speed 0", RING + "param c in [0, 1] = 0\nu_tt = c*u_xx\nu(x, 0) = sin(pi*x)\nu_t(x, 0) = 0\n",
            solvable=True, quick=True),
)  # fmt: skip


def heat(length: str, time: str, size: str) -> str:
    return (
        f"x in [0, {length}]; t in [0, {time}]\nu_t = {length}^2/{time}*u_xx/10\nu(x, 0) = {size}*sin(pi*x/{length})\non boundary: u = 0\n"
        f"exact u = {size}*exp(-pi^2*t/{time}/10)*sin(pi*x/{length})\n"
    )


def burgers(length: str, time: str, place: str) -> str:
    """A front of width 1/10 of the domain, which lies at `place`."""
    front = f"(1 - tanh(((x - {place})/{length} - t/{time}/2)*5/2))/2"
    return (
        f"x in [{place} - {length}, {place} + {length}]; t in [0, {time}]\nlet speed = {length}/{time}\n"
        f"u_t + u*u_x = {length}^2/{time}/10*u_xx\nu(x, 0) = exact\non boundary: u = exact\nexact u = speed*{front}\n"
    )


def poisson(length: str, size: str) -> str:
    return (
        f"x in [0, {length}]; y in [0, {length}]\n-laplacian(u) = source(exact)\non boundary: u = exact\n"
        f"exact u = {size}*exp(-x*y/{length}^2)*sin(pi*(x + 2*y)/{length})\n"
    )


SCALES = (
    *(
        Hostile(f"heat on {length} m, {time} s, {size} K", heat(length, time, size), solvable=True, quick=True)
        for length, time, size in (("1", "1", "1"), ("1e-9", "1e9", "1"), ("1e9", "1e-9", "1"), ("1", "1", "1e-30"), ("1", "1", "1e30"),
                                   ("1e-9", "1e-9", "1e15"))
    ),
    *(
        Hostile(f"front on {length} m, {time} s, at {place}", burgers(length, time, place), solvable=True, quick=True)
        for length, time, place in (("1", "1", "0"), ("1e-9", "1e9", "0"), ("1e9", "1e-9", "0"), ("1", "1", "1000"))
    ),
    *(
        Hostile(f"Poisson on {length} m, {size}", poisson(length, size), solvable=True, quick=True)
        for length, size in (("1", "1"), ("1e-9", "1"), ("1e9", "1"), ("1", "1e-30"), ("1", "1e30"))
    ),
)  # fmt: skip

HOSTILE = (*ILL_POSED, *SINGULAR, *ROUGH, *CONDITIONS, *FAST, *TRIVIAL, *SCALES)
