"""W340 to W345: what goes wrong somewhere inside the parameters' ranges."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "W340",
        "a denominator vanishes",
        """
Interval arithmetic over the parameters' ranges and the domain found a value at which a denominator is zero. The message names it. A
denominator inside `if` is left alone, because the condition may guard it.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
param c in [0, 1]
u_t = u_xx + u/(c - 0.5)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W340]: the denominator `c - 0.5` vanishes
  --> example.pde:3:14
   |
 3 | u_t = u_xx + u/(c - 0.5)
   |              ^^^^^^^^^^^ at c = 0.5
   = help: choose ranges that leave this value out
""",
        right="""
x in [0, 1]; t in [0, 1]
param c in [0.6, 1]
u_t = u_xx + u/(c - 0.5)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W341",
        "a logarithm or root leaves its domain",
        """
Somewhere in the parameters' ranges or the domain the argument of a logarithm or a square root is negative: its value is not a number
there, and so is the residual.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
param c in [-1, 1]
u_t = u_xx
u(x, 0) = 0
u(0, t) = 0
u(1, t) = t*sqrt(c)
""",
        message="""
warning[W341]: the argument `c` of a square root is negative
  --> example.pde:6:11
   |
 6 | u(1, t) = t*sqrt(c)
   |           ^^^^^^^^^ at c = -1
   = help: choose ranges in which it is positive
""",
        right="""
x in [0, 1]; t in [0, 1]
param c in [0, 1]
u_t = u_xx
u(x, 0) = 0
u(0, t) = 0
u(1, t) = t*sqrt(c)
""",
    ),
    Code(
        "W342",
        "a leading coefficient vanishes",
        """
The factor of a highest derivative is zero for some value of the parameters or somewhere in the domain. The order or the type of the
equation changes there, and with it the number of conditions that it needs.
""",
        wrong="""
x in [0, 1]; y in [0, 1]
param a in [-1, 1]
u_xx + a*u_yy = 1
on boundary: u = 0
""",
        message="""
warning[W342]: the coefficient `a` of the leading derivative `u_yy` vanishes
  --> example.pde:3:1
   |
 3 | u_xx + a*u_yy = 1
   | ^^^^^^^^^^^^^^^^^ at a = -1.907e-06
   = help: choose ranges in which it keeps its sign
""",
        right="""
x in [0, 1]; y in [0, 1]
param a in [0.1, 1]
u_xx + a*u_yy = 1
on boundary: u = 0
""",
    ),
    Code(
        "W343",
        "backward heat",
        """
In u_t = c u_xx with c < 0, a wave of length 2 pi/k grows like exp(-c k^2 t): the shorter, the faster, without bound. No numerical
solution converges. For the fourth derivative the sign is the other way round.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
param k in [-1, 1] = 0.5
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W343]: `u_xx` has the sign of a backward heat equation: the problem is ill-posed
  --> example.pde:3:1
   |
 3 | u_t = k*u_xx
   | ^^^^^^^^^^^^ for k in [-1, 0]
   = help: change the sign, or the range
""",
        right="""
x in [0, 1]; t in [0, 1]
param k in [0.1, 1] = 0.5
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W344",
        "no viscosity",
        """
A field that is carried by itself steepens until its characteristics cross; without a second derivative nothing stops it, and after that
time there is no smooth solution to be found. The same holds at the end of a range where the viscosity is zero.
""",
        wrong="""
x in [-1, 1] periodic
t in [0, 1]
u_t + u*u_x = 0
u(x, 0) = sin(pi*x)
""",
        message="""
warning[W344]: `u` is carried by itself and has no viscosity: a shock may form, after which there is no smooth solution
  --> example.pde:3:1
   |
 3 | u_t + u*u_x = 0
   | ^^^^^^^^^^^^^^^
   = help: add a small viscosity, or end the time interval before `u` steepens
""",
        right="""
x in [-1, 1] periodic
t in [0, 1]
u_t + u*u_x = 0.01*u_xx
u(x, 0) = sin(pi*x)
""",
    ),
    Code(
        "W345",
        "a resonance",
        """
With values given on all faces of a box, laplacian(u) + k^2 u = f has no unique solution where k^2 is an eigenvalue of the Laplacian,
the sum of (pi n_i/L_i)^2. The range holds such a value: near it the solution grows without bound, and a family is not smooth in k.
""",
        wrong="""
x in [0, 1]; y in [0, 1]
param k in [1, 6]
laplacian(u) + k^2*u = 1
on boundary: u = 0
""",
        message="""
warning[W345]: a resonance: with these boundary values the mode (1, 1) solves the homogeneous equation
  --> example.pde:3:1
   |
 3 | laplacian(u) + k^2*u = 1
   | ^^^^^^^^^^^^^^^^^^^^^^^^ at k = 4.443
   = help: choose a range between two resonances: near one the solution grows without bound
""",
        right="""
x in [0, 1]; y in [0, 1]
param k in [1, 4]
laplacian(u) + k^2*u = 1
on boundary: u = 0
""",
    ),
)
