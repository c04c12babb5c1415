"""E3xx: the problem is not well stated."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E301",
        "an empty interval",
        """
The lower end of an interval, a range or a box lies below the upper one. An interval that depends on parameters is tried at
their defaults and at the corners of their ranges: it may not be empty for any value that the program allows.
""",
        wrong="""
param L in [-1, 2] = 1
x in [0, L]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x/L)
on boundary: u = 0
""",
        message="""
error[E301]: the interval of `x` is empty
  --> example.pde:2:7
   |
 2 | x in [0, L]; t in [0, 1]
   |       ^^^^ [0, -1] for L = -1
""",
        right="""
param L in [1, 2]
x in [0, L]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x/L)
on boundary: u = 0
""",
    ),
    Code(
        "E302",
        "numbers of equations and fields differ",
        """
As many scalar equations as scalar fields are needed in the interior. A vector equation counts once a component, and
equations with `where` may cover one field in parts.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u_x = 1
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E302]: 2 equations for 1 field
  --> example.pde:3:1
   |
 3 | u_x = 1
   | ^^^^^^^ the field is `u`
   = help: each field needs one equation, and a vector equation counts by components
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E303",
        "a field without an equation",
        """
Every field occurs in an equation in the interior; conditions alone do not determine it.
""",
        wrong="""
field u, p
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E303]: no equation holds `p`
  --> example.pde:1:10
   |
 1 | field u, p
   |          ^ a field needs one
""",
        right="""
field u
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E304",
        "a condition outside the domain",
        """
The place of a condition lies in the interval of each coordinate, for all parameters.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
u(-1, t) = 0
u(1, t) = 0
""",
        message="""
error[E304]: the condition lies outside the domain
  --> example.pde:4:3
   |
 4 | u(-1, t) = 0
   |   ^^ x is in [0, 1]
   = help: the nearest face is x = 0
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
u(0, t) = 0
u(1, t) = 0
""",
    ),
    Code(
        "E305",
        "not a place",
        """
The arguments of a field stand in the order of the coordinates, time last; each is the coordinate itself or a constant. A
place of `on` is `boundary`, `x = 0` or a region.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(0, x) = 0
on boundary: u = 0
""",
        message="""
error[E305]: `x` stands in the place of `t`
  --> example.pde:3:6
   |
 3 | u(0, x) = 0
   |      ^ expected `t` or a constant
   = help: arguments stand in the order (x, t), time last
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
on boundary: u = 0
""",
    ),
    Code(
        "E306",
        "places that do not fit",
        """
All fields of a condition stand at one place, or at two that correspond (a periodic pair): the same coordinates fixed, the
same free. What varies in a condition has to be one of its free coordinates.
""",
        wrong="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 1
on boundary: u = 0
u(0, 0) = sin(x)
""",
        message="""
error[E306]: no free coordinate `x` is left
  --> example.pde:4:15
   |
 4 | u(0, 0) = sin(x)
   |               ^ the condition fixes every coordinate
   = help: write a number
""",
        right="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 1
on boundary: u = 0
u(0, 0) = 0
""",
    ),
    Code(
        "E307",
        "lengths differ",
        """
The sides of an equation, and the terms of a sum, are numbers, or vectors of one length; only the number 0 fits all of them.
The product of two vectors is `dot`, `cross`, or nothing.
""",
        wrong="""
field U[2]
x in [0, 1]; y in [0, 1]
laplacian(U) = 1
on boundary: U = (0, 0)
""",
        message="""
error[E307]: the two sides differ in length
  --> example.pde:3:1
   |
 3 | laplacian(U) = 1
   | ^^^^^^^^^^^^^^^^ the left side is a vector of 2 components, the right side a number
""",
        right="""
field U[2]
x in [0, 1]; y in [0, 1]
laplacian(U) = (1, 1)
on boundary: U = (0, 0)
""",
    ),
    Code(
        "E308",
        "derivative order too high",
        """
The total order of a derivative is at most 8.
""",
        wrong="""
x in [0, 1] periodic; t in [0, 1]
u_t = d(u, x, 10)
u(x, 0) = sin(2*pi*x)
""",
        message="""
error[E308]: a derivative of order 10
  --> example.pde:2:15
   |
 2 | u_t = d(u, x, 10)
   |               ^^ an order is a whole number from 1 to 8
""",
        right="""
x in [0, 1] periodic; t in [0, 1]
u_t = -d(u, x, 8)
u(x, 0) = sin(2*pi*x)
""",
    ),
    Code(
        "E309",
        "no finite real value",
        """
A constant part of an expression divides by zero, leaves the domain of its function, or is too large for double precision.
Parts that depend on parameters are looked at over their ranges, and give warnings.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + log(0)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E309]: this has no finite real value
  --> example.pde:2:14
   |
 2 | u_t = u_xx + log(0)
   |              ^^^^^^
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + log(2)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E310",
        "an equation without a field",
        """
An equation or condition that holds no field states something about numbers alone.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
on boundary: 1 = 0
""",
        message="""
error[E310]: a condition without a field
  --> example.pde:4:14
   |
 4 | on boundary: 1 = 0
   |              ^^^^^ it holds neither a field nor a derivative of one
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
on boundary: u = 0
""",
    ),
    Code(
        "E311",
        "no exact solution",
        """
`exact` and `source(exact)` need an exact solution of every field that they stand for.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + source(exact)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E311]: no exact solution of `u` is given
  --> example.pde:2:14
   |
 2 | u_t = u_xx + source(exact)
   |              ^^^^^^^^^^^^^ needed here
   = help: write exact u = ...
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + source(exact)
u(x, 0) = exact
on boundary: u = 0
exact u = exp(-t)*sin(pi*x)
""",
    ),
    Code(
        "E312",
        "a parameter's range or default",
        """
A logarithmic range is positive, a standard deviation is positive, and a default lies in its range.
""",
        wrong="""
param k in [0, 1] log
x in [0, 1]; t in [0, 1]
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E312]: a logarithmic range is positive
  --> example.pde:1:13
   |
 1 | param k in [0, 1] log
   |             ^ this is 0
   = help: leave out `log`
""",
        right="""
param k in [0.01, 1] log
x in [0, 1]; t in [0, 1]
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E313",
        "there is no boundary",
        """
A periodic coordinate closes on itself, and time is no part of the boundary. A condition there would be impossible, so it is
an error.
""",
        wrong="""
x in [0, 1] periodic; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(2*pi*x)
u(0, t) = 0
""",
        message="""
error[E313]: `x` is periodic
  --> example.pde:4:3
   |
 4 | u(0, t) = 0
   |   ^ it has no boundary
   = help: leave out this condition, or `periodic` in the line of `x`
""",
        right="""
x in [0, 1] periodic; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(2*pi*x)
""",
    ),
    Code(
        "E314",
        "two times",
        """
A problem has one time or none. A coordinate called `t` is time by convention, unless `time` says another name.
""",
        wrong="""
time t in [0, 1]; time s in [0, 1]
u_t = u_s
""",
        message="""
error[E314]: there is one time
  --> example.pde:1:24
   |
 1 | time t in [0, 1]; time s in [0, 1]
   |                        ^ a second one
   |      - the first one
   = help: leave out one `time`
""",
        right="""
t in [0, 1]; x in [0, 1]
u_t = -u_x
u(x, 0) = 0
u(0, t) = 0
""",
    ),
    Code(
        "E315",
        "a field without a place",
        """
In a condition every field is applied to the place where the condition holds. On a place of `on` fields stand bare.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
u(0, t) = 0
u(1, t) + u_x = 0
""",
        message="""
error[E315]: `u_x` stands without a place
  --> example.pde:5:11
   |
 5 | u(1, t) + u_x = 0
   |           ^^^ the condition holds at one place
   = help: apply it to the same place as `u(1, t)`
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 0
u(0, t) = 0
u(1, t) + u_x(1, t) = 0
""",
    ),
    Code(
        "E316",
        "no coordinates",
        """
A problem has between one and four coordinates.
""",
        wrong="""
u_xx = 1
""",
        message="""
error[E316]: there are no coordinates
  --> example.pde
   = help: declare one: `x in [0, 1]`
""",
        right="""
x in [0, 1]
u_xx = 1
on boundary: u = 0
""",
    ),
    Code(
        "E317",
        "a wrong region",
        """
A shape has the dimension of the domain, positive lengths, and, for a domain, bounds: `implicit` alone has none.
""",
        wrong="""
region hole = ball((0, 0, 0), 1)
x in [0, 1]; y in [0, 1]
laplacian(u) = 1
on boundary: u = 0
""",
        message="""
error[E317]: `ball` does not fit the domain
  --> example.pde:1:15
   |
 1 | region hole = ball((0, 0, 0), 1)
   |               ^^^^ it has 3 dimensions, the domain 2
""",
        right="""
region hole = disk((0.5, 0.5), 0.1)
x in [0, 1]; y in [0, 1]
laplacian(u) = 1
on boundary: u = 0
on hole: u = 1
""",
    ),
    Code(
        "E318",
        "a wrong value",
        """
An option or a weight has a value of its kind: numbers are positive, counts are whole, and a method is a name.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
option kernels = 2.5
""",
        message="""
error[E318]: the option `kernels` is a whole number from 1
  --> example.pde:5:18
   |
 5 | option kernels = 2.5
   |                  ^^^ this is not
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
option kernels = 200
""",
    ),
    Code(
        "E319",
        "no equation",
        """
A problem has at least one equation in the interior: one in which no field is applied to a place.
""",
        wrong="""
x in [0, 1]
field u
u(0) = 0
""",
        message="""
error[E319]: there is no equation
  --> example.pde:3:1
   |
 3 | u(0) = 0
   | ^^^^^^^^ a condition is no equation
   = help: write one, for example u_t = u_xx
""",
        right="""
x in [0, 1]
u_x = 1
u(0) = 0
""",
    ),
    Code(
        "E320",
        "a `where` that never holds",
        """
An equation or a condition is restricted to where something is true, and it is true nowhere in the domain, or on none of the
faces on which the condition stands, whatever values the parameters take. `on boundary` with `where` may miss some of its faces,
but not all.
""",
        wrong="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 0
on boundary: u = 1 where x > 2
""",
        message="""
error[E320]: a condition that holds nowhere
  --> example.pde:3:14
   |
 3 | on boundary: u = 1 where x > 2
   |              ^^^^^ its `where` is true on none of its faces
""",
        right="""
x in [0, 1]; y in [0, 1]
laplacian(u) = 0
on boundary: u = 1 where x > 0.5
on boundary: u = 0 where x <= 0.5
""",
    ),
)
