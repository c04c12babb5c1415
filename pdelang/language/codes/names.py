"""E2xx: names."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E201",
        "unknown name",
        """
A name stands for a coordinate, a field, a parameter, a definition or a region of this program; nothing is imported. A name
that carries derivative subscripts (`u_xx`), is differentiated (`laplacian(u)`), or is prescribed on a place (`on boundary: u
= 0`) is a field and needs no declaration. Everything else has to be declared, anywhere in the file.
""",
        wrong="""
param nu in [0.01, 0.1]
x in [0, 1]; t in [0, 1]
u_t = nv*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E201]: unknown name `nv`
  --> example.pde:3:7
   |
 3 | u_t = nv*u_xx
   |       ^^ not a coordinate, field, parameter or definition
   = help: a parameter with a similar name exists: `nu`
""",
        right="""
param nu in [0.01, 0.1]
x in [0, 1]; t in [0, 1]
u_t = nu*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E202",
        "declared twice",
        """
Each name is declared once, each equation's label is given once, each option is set once, and there is one `problem` line and
one exact solution a field. Of two declarations the first one is kept, so that its uses are not errors too.
""",
        wrong="""
let k = 2
param k in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E202]: `k` is declared twice
  --> example.pde:2:7
   |
 1 | let k = 2
   |     - first declared here
 2 | param k in [0, 1]
   |       ^ declared again
""",
        right="""
param k in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = k*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E203",
        "a word of the language",
        """
Functions and operators (`sin`, `grad`, `norm`, ...), `pi`, `exact` and `boundary` keep their meaning in every program. They
cannot be declared anew.
""",
        wrong="""
param norm in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = norm*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E203]: `norm` is a word of the language
  --> example.pde:1:7
   |
 1 | param norm in [0, 1]
   |       ^^^^ choose another name
""",
        right="""
param size in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = size*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E204",
        "wrong number of arguments",
        """
A function takes as many arguments as it has, a field at a place one argument a coordinate, time last.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(0) = 0
u(1, t) = 0
u(x, 0) = 0
""",
        message="""
error[E204]: `u` takes 2 arguments
  --> example.pde:3:1
   |
 3 | u(0) = 0
   | ^^^^ 1 given
   = help: write u(x, t)
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(0, t) = 0
u(1, t) = 0
u(x, 0) = 0
""",
    ),
    Code(
        "E205",
        "wrong index",
        """
Components count from 1: `a[1]` is the first one. An index is a whole number or the index of a `sum`, and what it is applied
to is a vector.
""",
        wrong="""
param a[2] in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = a[1]*u_xx + a[3]
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E205]: `a` has no component 3
  --> example.pde:3:21
   |
 3 | u_t = a[1]*u_xx + a[3]
   |                     ^ components run from 1 to 2
""",
        right="""
param a[2] in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = a[1]*u_xx + a[2]
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E206",
        "not a field",
        """
Only fields, and definitions that hold fields, have derivative subscripts and can be applied to a place. A product needs its
sign: `c*(u + 1)`, for `c(u + 1)` would be a function.
""",
        wrong="""
param c in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = c(u_xx)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E206]: `c` is not a field or a function
  --> example.pde:3:7
   |
 3 | u_t = c(u_xx)
   |       ^ it is a parameter
   = help: to multiply, write c*(...)
""",
        right="""
param c in [0, 1]
x in [0, 1]; t in [0, 1]
u_t = c*(u_xx)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E207",
        "a subscript that is no coordinate",
        """
A derivative is written with the names of declared coordinates: `u_xt`, or `d(u, x, t)` for any expression and names of any
length.
""",
        wrong="""
x in [0, 1]
u_xx + u_yy = 1
on boundary: u = 0
""",
        message="""
error[E207]: `y` in `u_yy` is not a coordinate
  --> example.pde:2:10
   |
 2 | u_xx + u_yy = 1
   |          ^ the coordinate is `x`
""",
        right="""
x in [0, 1]; y in [0, 1]
u_xx + u_yy = 1
on boundary: u = 0
""",
    ),
    Code(
        "E208",
        "a name with two readings",
        """
With coordinates whose names are made of others', a subscript may stand for two derivatives. Then it is written out.
""",
        wrong="""
x in [0, 1]; y in [0, 1]; xy in [0, 1]
u_xx + u_yy + d(u, xy, 2) = u_xy
on boundary: u = 0
""",
        message="""
error[E208]: `u_xy` can be read in two ways
  --> example.pde:2:29
   |
 2 | u_xx + u_yy + d(u, xy, 2) = u_xy
   |                             ^^^^ as d(u, xy) or d(u, x, y)
   = help: write d(u, xy)
""",
        right="""
x in [0, 1]; y in [0, 1]; xy in [0, 1]
u_xx + u_yy + d(u, xy, 2) = d(u, x, y)
on boundary: u = 0
""",
    ),
    Code(
        "E209",
        "a circular definition",
        """
A definition stands for its body, so it cannot hold itself, directly or by way of others.
""",
        wrong="""
let a = 2*b
let b = a + 1
x in [0, 1]; t in [0, 1]
u_t = a*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E209]: `a` is defined by itself
  --> example.pde:1:5
   |
 1 | let a = 2*b
   |     ^ by way of `b`
""",
        right="""
let a = 2*b
let b = 1
x in [0, 1]; t in [0, 1]
u_t = a*u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E210",
        "the wrong kind",
        """
Numbers, vectors, truth values and regions do not stand for one another. A comparison is made a number by `if(x > 0.5, 1,
0)`, a vector by `norm`, `dot` or an index.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + (x > 0.5)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E210]: a number is needed here
  --> example.pde:2:15
   |
 2 | u_t = u_xx + (x > 0.5)
   |               ^^^^^^^ this is a truth value
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx + if(x > 0.5, 1, 0)
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
    Code(
        "E211",
        "no meaning here",
        """
Some words have a meaning in one kind of statement alone: `dn` in `on PLACE: ...`, `exact` as one whole side of a condition,
`source(exact)` as a term of an equation in the interior, `integral(e)` as one whole side, and a field at a place in a
condition.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = 2*exact
on boundary: u = 0
exact u = exp(-pi^2*t)*sin(pi*x)
""",
        message="""
error[E211]: `exact` cannot stand here
  --> example.pde:3:13
   |
 3 | u(x, 0) = 2*exact
   |             ^^^^^ it is one whole side of a condition
   = help: write `u(0, t) = exact`, `on boundary: u = exact`, or source(exact) as a term of an equation
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
        "E212",
        "not constant here",
        """
Bounds of intervals and places may hold numbers and parameters; ranges of parameters, sizes, indices and the limits of a sum
numbers alone; exact solutions and restrictions no field.
""",
        wrong="""
x in [0, t]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
        message="""
error[E212]: `t` cannot stand in the bounds of a domain
  --> example.pde:1:10
   |
 1 | x in [0, t]; t in [0, 1]
   |          ^ it is a coordinate
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
""",
    ),
)
