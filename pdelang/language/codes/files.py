"""E5xx and W5xx: files of measurements."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E501",
        "no such file",
        """
Measurements are read from a text file of comma-separated values, whose path counts from the folder of the program.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "nowhere.csv"
""",
        message="""
error[E501]: there is no file `nowhere.csv`
  --> example.pde:5:13
   |
 5 | data u from "nowhere.csv"
   |             ^^^^^^^^^^^^^ not found
   = help: it is looked for at nowhere.csv
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "temperatures.csv"
""",
    ),
    Code(
        "E502",
        "a column is missing",
        """
The first line of the file names its columns: one a coordinate and one the field (`U[1]`, `U[2]` for a vector), each once, in
any order. Other columns are not looked at.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "no_time.csv"
""",
        message="""
error[E502]: `no_time.csv` has no column `t`
  --> example.pde:5:13
   |
 5 | data u from "no_time.csv"
   |             ^^^^^^^^^^^^^ the file has `x` and `u`
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "good.csv"
""",
    ),
    Code(
        "E503",
        "not a number",
        """
Every cell of the columns that are used holds a finite number.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "word.csv"
""",
        message="""
error[E503]: `word.csv` holds what is not a number
  --> example.pde:5:13
   |
 5 | data u from "word.csv"
   |             ^^^^^^^^^^ line 2, column `u`: `warm`
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "good.csv"
""",
    ),
    Code(
        "E504",
        "nothing inside the domain",
        """
At least one measurement lies within the intervals of the coordinates, at the default parameters.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "outside.csv"
""",
        message="""
error[E504]: no measurement of `outside.csv` lies inside the domain
  --> example.pde:5:13
   |
 5 | data u from "outside.csv"
   |             ^^^^^^^^^^^^^ x is in [0, 1]
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "good.csv"
""",
    ),
    Code(
        "E505",
        "a file too large",
        """
A file of measurements has at most 64 MiB and 1,000,000 rows.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "large.csv"
""",
        message="""
error[E505]: `large.csv` is too large
  --> example.pde:5:13
   |
 5 | data u from "large.csv"
   |             ^^^^^^^^^^^ at most 64 MiB
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "good.csv"
""",
    ),
    Code(
        "W501",
        "measurements outside the domain",
        """
Measurements outside the intervals of the coordinates, at the default parameters, are left out.
""",
        wrong="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "partly.csv"
""",
        message="""
warning[W501]: 1 of 2 measurements lies outside the domain
  --> example.pde:5:13
   |
 5 | data u from "partly.csv"
   |             ^^^^^^^^^^^^ x is in [0, 1]
   = help: what lies outside is left out
""",
        right="""
x in [0, 1]; t in [0, 1]
u_t = u_xx
u(x, 0) = sin(pi*x)
on boundary: u = 0
data u from "good.csv"
""",
    ),
)
