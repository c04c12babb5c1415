"""E901 to E909: limits of a text; those of its meaning are in `sizes.py`. Programs too long to print are shortened with `...`."""

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
)
