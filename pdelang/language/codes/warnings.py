"""W3xx: warnings."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "W301",
        "too few initial conditions",
        """
An equation of order m in time needs m initial conditions a field: its value, and its first m - 1 derivatives in time. With
fewer the solution is not determined.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_tt = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W301]: too few initial conditions for `u`
  --> example.pde:2:1
   |
 2 | u_tt = u_xx
   | ^^^^ order 2 in t needs 2 conditions at t = 0; 1 is given
   = help: add u_t(x, 0) = ...
""",
        right="""
x in [0, 1]; t in [0, 1]
u_tt = u_xx
u(x, 0) = sin(pi*x)
u_t(x, 0) = 0
on boundary: u = 0
""",
    ),
    Code(
        "W302",
        "too many initial conditions",
        """
More conditions in time than the order of the equation: they can only agree by luck.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u_t(x, 0) = 0
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W302]: too many initial conditions for `u`
  --> example.pde:4:1
   |
 4 | u(x, 0) = sin(pi*x)
   | ^^^^^^^^^^^^^^^^^^^ order 1 in t needs 1 condition; 2 are given
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W303",
        "too few boundary conditions",
        """
An equation of even order k in a space coordinate needs k/2 conditions on each of its two faces; of first order, one where
the flow enters. In systems the conditions of all fields are counted together.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
u(0, t) = 0
""",
        message="""
warning[W303]: too few conditions in x for `u`
  --> example.pde:2:7
   |
 2 | u_t = u_xx
   |       ^^^^ order 2 in x needs 2 conditions, 1 a face; given: x = 0: 1, x = 1: 0
   = help: add a condition at x = 1
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
u(0, t) = 0
u(1, t) = 0
""",
    ),
    Code(
        "W304",
        "too many boundary conditions",
        """
More conditions in a coordinate than the order of the equation: they can only agree by luck.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t + u_x = 0
u(x, 0) = 0
on boundary: u = 0
""",
        message="""
warning[W304]: too many conditions in x for `u`
  --> example.pde:4:14
   |
 4 | on boundary: u = 0
   |              ^^^^^ order 1 in x needs 1 condition; given: x = 0: 1, x = 1: 1
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t + u_x = 0
u(x, 0) = 0
u(0, t) = 0
""",
    ),
    Code(
        "W305",
        "contradicting conditions",
        """
Where two conditions meet, at a corner or on one face, they give the field different values; or what is prescribed is not
periodic where the field is. A smooth solution does not exist, and convergence is slow. Decided in numbers, at the default
parameters.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 1
u(0, t) = 0
u(1, t) = 1
""",
        message="""
warning[W305]: two conditions contradict each other at x = 0, t = 0
  --> example.pde:4:1
   |
 3 | u(x, 0) = 1
   | ----------- and 1 by this one
 4 | u(0, t) = 0
   | ^^^^^^^^^^^ `u` is 0 by this condition
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = x
u(0, t) = 0
u(1, t) = 1
""",
    ),
    Code(
        "W306",
        "never used",
        """
A parameter, a definition or a region on which nothing depends. A parameter that is not used costs every family a dimension.
""",
        wrong="""
param k in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W306]: the parameter `k` is never used
  --> example.pde:1:7
   |
 1 | param k in [0, 1]
   |       ^ nothing depends on it
   = help: leave it out
""",
        right="""
param k in [0.1, 1]
x in [0, 1]; t in [0, 1]
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W307",
        "known only up to a constant",
        """
Only derivatives of the field occur, so any constant may be added to it: a pressure, or a potential with Neumann conditions
on all sides. Give its value at one point, or its mean.
""",
        wrong="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 0
on boundary: dn(u) = 0
""",
        message="""
warning[W307]: `u` is known only up to a constant
  --> example.pde:2:11
   |
 2 | laplacian(u) = 0
   |           ^ only its derivatives occur
   = help: add u(0, 0) = 0 or integral(u) = 0
""",
        right="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 0
on boundary: dn(u) = 0
u(0, 0) = 0
""",
    ),
    Code(
        "W308",
        "a declaration that hides a derivative",
        """
A declared name wins over its reading as a derivative. Where both are possible a reader may take one for the other.
""",
        wrong="""
param u_x in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = u_xx + u_x
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
warning[W308]: `u_x` can be read in two ways
  --> example.pde:1:7
   |
 1 | param u_x in [0, 1]
   |       ^^^ in this program `u_x` is the parameter, not a derivative of `u`
   = help: choose another name
""",
        right="""
param s in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = u_xx + s
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W309",
        "not on a face",
        """
A condition that leaves coordinates free most often stands on a face of the domain. Inside the domain it is taken as it is
written: the solution is asked to satisfy the equation and the condition there.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
u(0.5, t) = exp(-t)
""",
        message="""
warning[W309]: the condition is not on a face
  --> example.pde:5:3
   |
 5 | u(0.5, t) = exp(-t)
   |   ^^^ x = 0.5 is inside the domain: x is in [0, 1]
   = help: the nearest face is x = 0
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "W310",
        "a coordinate that does not vary",
        """
The condition fixes a coordinate and then depends on it. That is well defined, and hardly ever meant.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
u(0, t) = sin(pi*x)
u(1, t) = 0
""",
        message="""
warning[W310]: `x` does not vary here
  --> example.pde:4:18
   |
 4 | u(0, t) = sin(pi*x)
   |                  ^ the condition fixes it at 0
   = help: is the condition meant for another face?
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
u(0, t) = 0
u(1, t) = 0
""",
    ),
    Code(
        "W311",
        "part of the domain has too few equations or too many",
        """
With `where` an equation governs a part of the domain. At every point there should hold as many equations as there are fields: where there
are fewer, nothing determines the solution but its smoothness; where there are more, they can only agree by luck. Decided in numbers, at
the default parameters and some hundred points.

Equations with different leading coefficients on two sides of an interface are solved as they are written: the solution and its first
derivative are continuous there. Where the flux is continuous instead, write the flux as a field of its own.
""",
        wrong="""
x in [0, 1]
-u_xx = 1 where x < 0.5
u(0) = 0
u(1) = 0
""",
        message="""
warning[W311]: fewer equations than fields in part of the domain
  --> example.pde:2:1
   |
 2 | -u_xx = 1 where x < 0.5
   | ^^^^^^^^^^^^^^^^^^^^^^^ at x = 0.618, for example, 0 equations for 1 field
   = help: add an equation for the rest, or put `if(condition, a, b)` into one
""",
        right="""
x in [0, 1]
-u_xx = 1 where x < 0.5
-u_xx = 2 where x >= 0.5
u(0) = 0
u(1) = 0
""",
    ),
)
