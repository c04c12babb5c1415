"""E4xx: the exact solution is not a solution."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E401",
        "the exact solution does not satisfy an equation",
        """
The solution given by `exact` is put into every equation. What remains, left minus right, is shown in symbols behind the carets where
it is short, and its size is given at the worst of some hundred random points of the domain and of the parameters' ranges. Where
cancellation alone does not decide, up to 1e-9 of the terms' size counts as zero.
""",
        wrong="""
x in [0, 2*pi] periodic
t in [0, 1]
param c in [1, 50] = 30
u_t + 2*c*u_x = 0
u(x, 0) = sin(x)
exact u = sin(x - c*t)
""",
        message="""
error[E401]: the exact solution does not satisfy this equation
  --> example.pde:4:1
   |
 4 | u_t + 2*c*u_x = 0
   | ^^^^^^^^^^^^^^^^^ left - right is `c*cos(x - c*t)`
 ...
 6 | exact u = sin(x - c*t)
   | ---------------------- the exact solution
   = help: at x = 4.78, t = 0.147, c = 30 the two sides of `equation 1` differ by 28.1, 0.33 of the terms' size
""",
        right="""
x in [0, 2*pi] periodic
t in [0, 1]
param c in [1, 50] = 30
u_t + c*u_x = 0
u(x, 0) = sin(x)
exact u = sin(x - c*t)
""",
    ),
    Code(
        "E402",
        "the exact solution does not satisfy a condition",
        """
The solution given by `exact` is put into every initial and boundary condition, at the place that the condition fixes. Write
`u(0, t) = exact` or `on boundary: u = exact` where the condition is meant to follow from the solution.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(2*pi*x)
on boundary: u = 0
exact u = exp(-pi^2*t)*sin(pi*x)
""",
        message="""
error[E402]: the exact solution does not satisfy this condition
  --> example.pde:3:1
   |
 3 | u(x, 0) = sin(2*pi*x)
   | ^^^^^^^^^^^^^^^^^^^^^ left - right is `sin(pi*x) - sin(2*pi*x)`
 ...
 5 | exact u = exp(-pi^2*t)*sin(pi*x)
   | -------------------------------- the exact solution
   = help: at x = 0.761, t = 0 the two sides of `u(x, 0)` differ by 1.68, 1 of the terms' size
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = exact
on boundary: u = 0
exact u = exp(-pi^2*t)*sin(pi*x)
""",
    ),
    Code(
        "E403",
        "the exact solution is finite nowhere",
        """
At none of the random points of the domain does the expression have a finite real value, so nothing can be compared with it. A solution
that is singular at some points passes: the others are compared.
""",
        wrong="""
x in [0, 1]
u_xx = 0
u(0) = 0
u(1) = 0
exact u = log(x - 2)
""",
        message="""
error[E403]: the exact solution of `u` is finite nowhere in the domain
  --> example.pde:5:1
   |
 5 | exact u = log(x - 2)
   | ^^^^^^^^^^^^^^^^^^^^
   = help: look for a logarithm or root of a negative number
""",
        right="""
x in [0, 1]
u_xx = 0
u(0) = 0
u(1) = 0
exact u = 0
""",
    ),
    Code(
        "E404",
        "the exact solution is not periodic",
        """
A periodic coordinate wraps the values and all derivatives of every field; the exact solution, or its slope, differs at the two ends.
Mostly the interval is not one period long.
""",
        wrong="""
x in [0, 3] periodic
t in [0, 1]
u_t + u_x = 0
u(x, 0) = sin(x)
exact u = sin(x - t)
""",
        message="""
error[E404]: the exact solution of `u` is not periodic in `x`
  --> example.pde:5:1
   |
 5 | exact u = sin(x - t)
   | ^^^^^^^^^^^^^^^^^^^^ its value at the two ends differs by 0.28
   = help: choose the interval of `x` one period long
""",
        right="""
x in [0, 2*pi] periodic
t in [0, 1]
u_t + u_x = 0
u(x, 0) = sin(x)
exact u = sin(x - t)
""",
    ),
    Code(
        "E405",
        "the exact solution's derivatives grow too large",
        """
The derivatives of the exact solution that the equation needs are taken symbolically, in bounded time and memory. These outgrew the
bound: every further derivative of a product of functions of functions is several times as long.
""",
        wrong="""
x in [0, 2*pi] periodic
d(u, x, 8) + u = 0
exact u = sin(exp(sin(x))*cos(x + exp(sin(x)))*tanh(cos(x)*exp(sin(x))))
""",
        message="""
error[E405]: the exact solution's derivatives grow too large in this equation
  --> example.pde:2:1
   |
 2 | d(u, x, 8) + u = 0
   | ^^^^^^^^^^^^^^^^^^ a program may come to 30,000 operations
   = help: use a shorter formula, or fewer terms in a sum
""",
        right="""
x in [0, 2*pi] periodic
d(u, x, 8) + u = 0
exact u = 0
""",
    ),
)
