"""E91x: limits on what a program unfolds to."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E910",
        "too many coordinates",
        """
A problem has at most 4 coordinates, time included.
""",
        wrong="""
x in [0, 1]; y in [0, 1]; z in [0, 1]; w in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, y, z, w, 0) = 0
on boundary: u = 0
""",
        message="""
error[E910]: more than 4 coordinates
  --> example.pde:1:53
   |
 1 | x in [0, 1]; y in [0, 1]; z in [0, 1]; w in [0, 1]; t in [0, 1]
   |                                                     ^ there are 5
""",
        right="""
x in [0, 1]; y in [0, 1]; z in [0, 1]; t in [0, 1]
u_t = u_xx + u_yy + u_zz
u(x, y, z, 0) = 0
on boundary: u = 0
""",
    ),
    Code(
        "E911",
        "too many fields or components",
        """
A problem has at most 16 scalar fields, and a vector of parameters at most 100 components.
""",
        wrong="""
field U[20]
x in [0, 1]
U_x = 0*U
""",
        message="""
error[E911]: `U` has more than 16 components
  --> example.pde:1:9
   |
 1 | field U[20]
   |         ^^
""",
        right="""
field U[2]
x in [0, 1]
U_x = 0*U
U(0) = (1, 1)
""",
    ),
    Code(
        "E912",
        "a sum of too many terms",
        """
A sum is written out, and has at most 1,000 terms.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + sum(k in 1..5000: sin(k*x))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E912]: a sum of too many terms
  --> example.pde:2:23
   |
 2 | u_t = u_xx + sum(k in 1..5000: sin(k*x))
   |                       ^^^^^^^ at most 1,000
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + sum(k in 1..5: sin(k*x))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E913",
        "an exponent too large",
        """
Constant exponents, multiplied through nested powers, are at most 1,000.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + (x^100)^100
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E913]: the exponent is too large
  --> example.pde:2:22
   |
 2 | u_t = u_xx + (x^100)^100
   |                      ^^^ at most 1,000
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + (x^10)^10
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E914",
        "a program that unfolds to too much",
        """
Definitions and sums multiply: sums of sums, functions of functions. The work of a whole program is bounded, so that it is
refused at once rather than compiled for hours.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + sum(i in 1..1000: sum(j in 1..1000: sin(i*j*x)))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E914]: the program unfolds to too much
  --> example.pde:2:56
   |
 2 | u_t = u_xx + sum(i in 1..1000: sum(j in 1..1000: sin(i*j*x)))
   |                                                        ^ the limit is reached here
   = help: definitions and sums multiply
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + sum(i in 1..10: sum(j in 1..10: sin(i*j*x)))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E915",
        "an expression that unfolds to too much",
        """
A definition or a term, written out in full, has at most 20,000 operations; a place 200.
""",
        wrong="""
let f(s) = s + s*s
let g(s) = f(f(f(f(s))))
x in [0, 1]; t in [0, 1]
u_t = u_xx + g(g(g(x)))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E915]: an expression unfolds to too much
  --> example.pde:4:14
   |
 4 | u_t = u_xx + g(g(g(x)))
   |              ^^^^^^^^^^ 1,062,881 operations, at most 20,000
   = help: definitions and sums multiply
""",
        right="""
let f(s) = s + s*s
let g(s) = f(f(s))
x in [0, 1]; t in [0, 1]
u_t = u_xx + g(x)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E916",
        "definitions nested too deep",
        """
A definition, written out in full, is at most 100 levels deep, and regions of regions 50.
""",
        wrong="""
let f(s) = sin(sin(sin(sin(sin(s)))))
let g(s) = f(f(f(f(f(s)))))
x in [0, 1]; t in [0, 1]
u_t = u_xx + g(g(g(g(g(x)))))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E916]: definitions are nested too deep
  --> example.pde:4:14
   |
 4 | u_t = u_xx + g(g(g(g(g(x)))))
   |              ^^^^^^^^^^^^^^^^ 126 levels, at most 100
""",
        right="""
let f(s) = sin(s)
x in [0, 1]; t in [0, 1]
u_t = u_xx + f(f(x))
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
)
