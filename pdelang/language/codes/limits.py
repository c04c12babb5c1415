"""E9xx: limits. Programs too long to print are shortened with `...`."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E901",
        "program too large",
        """
A program holds equations, not measurements or meshes, and is refused beyond 1 MiB before it is read.
""",
        wrong="""
... more than 1 MiB ...
""",
        message="""
error[E901]: the program is larger than 1 MiB
  --> example.pde
   = help: measurements belong in a file of their own: data u from "obs.csv"
""",
        right="""
data u from "obs.csv"
""",
    ),
    Code(
        "E902",
        "nested too deep",
        """
Brackets inside brackets, and operators on operators, go at most 200 deep. A chain `a + b + c + ...` is nested from the left, so it has at
most 200 terms; group them with brackets, or write a `sum`.
""",
        wrong="""
u = a + a + ... 201 times
""",
        message="""
error[E902]: an expression is nested more than 200 deep
  --> example.pde:1:5
   |
 1 | u = a + a + ... 201 times
   |     ^ every operator of a chain counts
   = help: name parts of it with let, group long sums with brackets, or write sum(k in 1..n: ...)
""",
        right="""
u = sum(k in 1..201: a)
""",
    ),
    Code(
        "E907",
        "program too long",
        """
A program has at most 1000 statements and 20,000 words and signs.
""",
        wrong="""
... 1001 statements ...
""",
        message="""
error[E907]: the program has more than 1000 statements
     --> example.pde:1001:1
      |
 1001 | u(x, 0) = 1
      | ^^^^^^^^^^^ the limit is reached here
      = help: use sum(k in 1..n: ...) and vectors
""",
        right="""
u(x, 0) = sum(k in 1..100: sin(k*pi*x)/k)
""",
    ),
    Code(
        "E908",
        "name too long",
        """
A name has at most 100 characters.
""",
        wrong="""
param nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn in [0, 1]
""",
        message="""
error[E908]: a name of more than 100 characters
  --> example.pde:1:7
   |
 1 | param nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn in [0, 1]
   |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ too long
   = help: choose a shorter name
""",
        right="""
param nu in [0, 1]
""",
    ),
    Code(
        "E909",
        "too many errors",
        """
After 100 errors the rest of the file is not read: most of them have one cause.
""",
        wrong="""
... 101 wrong statements ...
""",
        message="""
error[E909]: more than 100 errors
    --> example.pde:101:1
     |
 101 | u = ?
     | ^^^^^ the rest was not read
     = help: mend the first ones
""",
        right="""
u_t = u_xx
""",
    ),
    Code(
        "E910",
        "too many coordinates",
        """
A problem has at most 4 coordinates, time included.
""",
        wrong="""
x in [0, 1]; y in [0, 1]; z in [0, 1]; s in [0, 1]; t in [0, 1]
u_t = u_xx
""",
        message="""
error[E910]: more than 4 coordinates
  --> example.pde:1:53
   |
 1 | x in [0, 1]; y in [0, 1]; z in [0, 1]; s in [0, 1]; t in [0, 1]
   |                                                     ^ there are 5
""",
        right="""
x in [0, 1]; y in [0, 1]; z in [0, 1]; t in [0, 1]
u_t = u_xx
""",
    ),
    Code(
        "E911",
        "too many components",
        """
A problem has at most 16 scalar fields, of which a vector counts as many as it has components, and a vector of
parameters has at most 100.
""",
        wrong="""
x in [0, 1]
field U[17]
""",
        message="""
error[E911]: `U` has more than 16 components
  --> example.pde:2:9
   |
 2 | field U[17]
   |         ^^
""",
        right="""
x in [0, 1]
field U[16]
""",
    ),
    Code(
        "E912",
        "sum too long",
        """
A `sum` is written out term by term, and has at most 1000 terms.
""",
        wrong="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = sum(k in 1..1001: sin(k*pi*x)/k)
""",
        message="""
error[E912]: a sum of too many terms
  --> example.pde:4:17
   |
 4 | u_xx = sum(k in 1..1001: sin(k*pi*x)/k)
   |                 ^^^^^^^ at most 1,000
""",
        right="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = sum(k in 1..100: sin(k*pi*x)/k)
""",
    ),
    Code(
        "E913",
        "exponent too large",
        """
A constant exponent, times the degree of what it is the power of, is at most 1000: beyond it, powers leave double precision.
""",
        wrong="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = u^1001
""",
        message="""
error[E913]: the exponent is too large
  --> example.pde:4:10
   |
 4 | u_xx = u^1001
   |          ^^^^ at most 1,000
""",
        right="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = u^3
""",
    ),
    Code(
        "E914",
        "program unfolds to too much",
        """
Definitions are put in where they are used, and sums are written out. Both multiply, so the work on a whole program is bounded.
""",
        wrong="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = sum(i in 1..1000: sum(j in 1..1000: sin(i*x)*j))
""",
        message="""
error[E914]: the program unfolds to too much
  --> example.pde:4:48
   |
 4 | u_xx = sum(i in 1..1000: sum(j in 1..1000: sin(i*x)*j))
   |                                                ^^^ the limit is reached here
   = help: definitions and sums multiply
""",
        right="""
x in [0, 1]
u(0) = 0
u(1) = 0
u_xx = 500500*sum(i in 1..1000: sin(i*x))
""",
    ),
    Code(
        "E915",
        "expression unfolds to too much",
        """
With all definitions put in, an expression has at most 20,000 operations.
""",
        wrong="""
x in [0, 1]
u(0) = 0
u(1) = 0
let a0 = u + x
let a1 = a0*a0 + 1
let a2 = a1*a1 + 1
let a3 = a2*a2 + 1
let a4 = a3*a3 + 1
let a5 = a4*a4 + 1
let a6 = a5*a5 + 1
let a7 = a6*a6 + 1
let a8 = a7*a7 + 1
let a9 = a8*a8 + 1
let a10 = a9*a9 + 1
let a11 = a10*a10 + 1
let a12 = a11*a11 + 1
let a13 = a12*a12 + 1
let a14 = a13*a13 + 1
u_xx = a14
""",
        message="""
error[E915]: an expression unfolds to too much
   --> example.pde:16:11
    |
 16 | let a12 = a11*a11 + 1
    |           ^^^^^^^^^^^ 24,573 operations, at most 20,000
    = help: definitions and sums multiply
""",
        right="""
x in [0, 1]
u(0) = 0
u(1) = 0
let a0 = u + x
let a1 = a0^2 + 1
u_xx = a1
""",
    ),
    Code(
        "E916",
        "definitions nested too deep",
        """
With all definitions put in, an expression is nested at most 100 levels deep.
""",
        wrong="""
x in [0, 1]
u(0) = 0
u(1) = 0
let a0 = u + x
let a1 = sin(a0) + 1
let a2 = sin(a1) + 1
let a3 = sin(a2) + 1
let a4 = sin(a3) + 1
let a5 = sin(a4) + 1
let a6 = sin(a5) + 1
let a7 = sin(a6) + 1
let a8 = sin(a7) + 1
let a9 = sin(a8) + 1
let a10 = sin(a9) + 1
let a11 = sin(a10) + 1
let a12 = sin(a11) + 1
let a13 = sin(a12) + 1
let a14 = sin(a13) + 1
let a15 = sin(a14) + 1
let a16 = sin(a15) + 1
let a17 = sin(a16) + 1
let a18 = sin(a17) + 1
let a19 = sin(a18) + 1
let a20 = sin(a19) + 1
let a21 = sin(a20) + 1
let a22 = sin(a21) + 1
let a23 = sin(a22) + 1
let a24 = sin(a23) + 1
let a25 = sin(a24) + 1
let a26 = sin(a25) + 1
let a27 = sin(a26) + 1
let a28 = sin(a27) + 1
let a29 = sin(a28) + 1
let a30 = sin(a29) + 1
let a31 = sin(a30) + 1
let a32 = sin(a31) + 1
let a33 = sin(a32) + 1
let a34 = sin(a33) + 1
let a35 = sin(a34) + 1
let a36 = sin(a35) + 1
let a37 = sin(a36) + 1
let a38 = sin(a37) + 1
let a39 = sin(a38) + 1
let a40 = sin(a39) + 1
let a41 = sin(a40) + 1
let a42 = sin(a41) + 1
let a43 = sin(a42) + 1
let a44 = sin(a43) + 1
let a45 = sin(a44) + 1
let a46 = sin(a45) + 1
let a47 = sin(a46) + 1
let a48 = sin(a47) + 1
let a49 = sin(a48) + 1
let a50 = sin(a49) + 1
let a51 = sin(a50) + 1
let a52 = sin(a51) + 1
let a53 = sin(a52) + 1
let a54 = sin(a53) + 1
let a55 = sin(a54) + 1
let a56 = sin(a55) + 1
let a57 = sin(a56) + 1
let a58 = sin(a57) + 1
let a59 = sin(a58) + 1
let a60 = sin(a59) + 1
u_xx = a60
""",
        message="""
error[E916]: definitions are nested too deep
   --> example.pde:54:11
    |
 54 | let a50 = sin(a49) + 1
    |           ^^^^^^^^^^^^ 102 levels, at most 100
""",
        right="""
x in [0, 1]
u(0) = 0
u(1) = 0
let a0 = u + x
let a1 = sin(a0) + 1
u_xx = a1
""",
    ),
)
