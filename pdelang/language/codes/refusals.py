"""E6xx: parsed and checked, but not compiled."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E601",
        "a domain with a shape is not compiled yet",
        """
Regions, named edges and conditions on them are read and checked, but this version solves on intervals and their products only.
""",
        wrong="""
(x, y) in disk((0, 0), 1)
-laplacian(u) = 1
on boundary: u = 0
""",
        message="""
error[E601]: a domain with a shape is not compiled yet
  --> example.pde:1:1
   |
 1 | (x, y) in disk((0, 0), 1)
   | ^^^^^^^^^^^^^^^^^^^^^^^^^
 ...
 3 | on boundary: u = 0
   |    -------- here too
   = help: use intervals: `x in [0, 1]; y in [0, 1]`
""",
        right="""
x in [-1, 1]; y in [-1, 1]
-laplacian(u) = 1
on boundary: u = 0
""",
    ),
    Code(
        "E602",
        "measurements are not compiled yet",
        """
A `data` statement is read and checked, its file too, but the misfit to measurements is not part of what this version solves.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "obs.csv"
""",
        message="""
error[E602]: measurements are not compiled yet
  --> example.pde:5:1
   |
 5 | data u from "obs.csv"
   | ^^^^^^^^^^^^^^^^^^^^^
   = help: remove the `data` statement
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E603",
        "an unknown is not compiled yet",
        """
An unknown number, to be found from data together with the solution, is read and checked; this version solves for fields only. As a
`param` it is given a value for each solve.
""",
        wrong="""
x in [0, 1]; t in [0, 0.5]
unknown k in [0.01, 2] = 0.5
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E603]: an unknown to be found from data is not compiled yet
  --> example.pde:2:9
   |
 2 | unknown k in [0.01, 2] = 0.5
   |         ^
   = help: write `param` in place of `unknown`, and give its value
""",
        right="""
x in [0, 1]; t in [0, 0.5]
param k in [0.01, 2] = 0.5
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E604",
        "a condition on an integral is not compiled yet",
        """
A condition `integral(e) = value` is read and checked, but not part of what this version solves. A field that is known only up to a
constant can be fixed at a point instead.
""",
        wrong="""
x in [0, 1]
u_xx = cos(pi*x)
u_x(0) = 0
u_x(1) = 0
integral(u) = 0
""",
        message="""
error[E604]: a condition on an integral is not compiled yet
  --> example.pde:5:1
   |
 5 | integral(u) = 0
   | ^^^^^^^^^^^^^^^
   = help: fix a value at a point instead: `p(0, 0) = 0`
""",
        right="""
x in [0, 1]
u_xx = cos(pi*x)
u_x(0) = 0
u(1) = 0
""",
    ),
    Code(
        "E611",
        "a constant has no real, finite value",
        """
Numbers are gathered when the equation is compiled: factors of one term are multiplied, powers taken. A number that came out of it is
infinite or not real as a double, although each number as written is.
""",
        wrong="""
x in [0, 1]
exp(700)*u_xx*exp(700) = 1
on boundary: u = 0
""",
        message="""
error[E611]: the equation holds a constant without a real, finite value
  --> example.pde:2:1
   |
 2 | exp(700)*u_xx*exp(700) = 1
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: look for 1/0, sqrt(-1) or a huge power
""",
        right="""
x in [0, 1]
u_xx = 1
on boundary: u = 0
""",
    ),
    Code(
        "E612",
        "an expression grows too large",
        """
Derivatives of expressions are taken symbolically, in bounded time and memory. This one outgrew the bound: every further derivative of
a product of functions of functions is several times as long.
""",
        wrong="""
x in [0, 1]
d(sin(exp(u*x)*cos(u + x)*tanh(u*exp(x))), x, 8) = 1
on boundary: u = 0
""",
        message="""
error[E612]: the equation grows too large when its derivatives are taken
  --> example.pde:2:1
   |
 2 | d(sin(exp(u*x)*cos(u + x)*tanh(u*exp(x))), x, 8) = 1
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a program may come to 30,000 operations and be 250 deep
   = help: use fewer nested derivatives, fewer terms in a sum, or a new field
""",
        right="""
x in [0, 1]
d(sin(u), x, 2) = 1
on boundary: u = 0
""",
    ),
    Code(
        "E613",
        "all fields cancel",
        """
The terms of the equation cancel and leave nothing that depends on a field, so it says nothing about the solution.
""",
        wrong="""
x in [0, 1]
u_xx - d(u, x, 2) = 1
on boundary: u = 0
""",
        message="""
error[E613]: all fields cancel: nothing is left to solve for
  --> example.pde:2:1
   |
 2 | u_xx - d(u, x, 2) = 1
   | ^^^^^^^^^^^^^^^^^^^^^
   = help: remove it, or correct it
""",
        right="""
x in [0, 1]
u_xx = 1
on boundary: u = 0
""",
    ),
)
