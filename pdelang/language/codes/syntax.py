"""E1xx: the text is not a program."""

from __future__ import annotations

from pdelang.language.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "E101",
        "unexpected token",
        """
The statement reads well up to the place marked, and nothing that the language knows goes on as it does. The words behind
the carets list all that may stand there.
""",
        wrong="""
u(x, 0) = sin(pi*/x)
""",
        message="""
error[E101]: unexpected `/`
  --> example.pde:1:18
   |
 1 | u(x, 0) = sin(pi*/x)
   |                  ^ expected an expression
""",
        right="""
u(x, 0) = sin(pi/x)
""",
    ),
    Code(
        "E102",
        "unclosed bracket",
        """
A bracket is open where the statement has to end: at `;`, at the end of the file, or before a line that can only be a statement of
its own. Newlines inside brackets do not end a statement, so the missing bracket is looked for as early as possible.
""",
        wrong="""
u(x, 0) = sin(pi*x
u(0, t) = 0
""",
        message="""
error[E102]: `(` is never closed
  --> example.pde:1:14
   |
 1 | u(x, 0) = sin(pi*x
   |              ^ opened here
   |                   - the statement ends here
   = help: write the missing `)` before the statement ends
""",
        right="""
u(x, 0) = sin(pi*x)
u(0, t) = 0
""",
    ),
    Code(
        "E103",
        "missing `=`",
        """
Every equation, condition and definition states that two things are equal. An expression alone states nothing: write the other
side, be it 0.
""",
        wrong="""
u_t + u*u_x - nu*u_xx
""",
        message="""
error[E103]: `=` is missing
  --> example.pde:1:22
   |
 1 | u_t + u*u_x - nu*u_xx
   |                      ^ the statement ends without one
   = help: an equation reads: left = right
""",
        right="""
u_t + u*u_x - nu*u_xx = 0
""",
    ),
    Code(
        "E104",
        "`==` for `=`",
        """
`=` states that two sides are equal, always, and makes an equation. `==` asks whether they are, at a point, and stands in conditions:
inside `if(...)` and after `where`.
""",
        wrong="""
u(0, t) == 0
""",
        message="""
error[E104]: `==` compares, it does not state an equation
  --> example.pde:1:9
   |
 1 | u(0, t) == 0
   |         ^^ `=` is meant here
   = help: write `=`
""",
        right="""
u(0, t) = 0
""",
    ),
    Code(
        "E105",
        "bad number",
        """
Numbers are written 2, 0.5, .5, 1e-3 or 2.5e6: no hexadecimal, no underscores, no units. They have at most 100 characters and are zero or
between 1e-300 and 1e300, because the solver computes in double precision. Exact values may be written as fractions: 1/3.
""",
        wrong="""
param nu in [0, 1.2.3]
""",
        message="""
error[E105]: `1.2.3` is not a number
  --> example.pde:1:17
   |
 1 | param nu in [0, 1.2.3]
   |                 ^^^^^
   = help: numbers look like 2, 0.5 or 1e-3
""",
        right="""
param nu in [0, 1.23]
""",
    ),
    Code(
        "E106",
        "missing operator",
        """
Two factors side by side are no product: `2u` could be a slip for `2*u`, for `u2` or for `2^u`. Write the `*`. A function takes
its argument in brackets: `sin(x)`.
""",
        wrong="""
u_t = 2u_xx
""",
        message="""
error[E106]: an operator is missing
  --> example.pde:1:8
   |
 1 | u_t = 2u_xx
   |        ^^^^ two factors stand side by side
   = help: write `2*u_xx`
""",
        right="""
u_t = 2*u_xx
""",
    ),
    Code(
        "E107",
        "unexpected character",
        """
Programs are made of ASCII and Greek letters, digits, and the usual signs. Superscripts, typographic signs, and symbols such as ∂
or ∇ have a plain form, which the help line gives. Comments and texts in quotes may hold any visible character.
""",
        wrong="""
u_t = u²
""",
        message="""
error[E107]: unexpected character `²`
  --> example.pde:1:8
   |
 1 | u_t = u²
   |        ^ not part of the language
   = help: write `^2`
""",
        right="""
u_t = u^2
""",
    ),
    Code(
        "E108",
        "unclosed quote",
        """
A text in quotes ends on the line where it begins.
""",
        wrong="""
problem heat "Heat in a rod
""",
        message="""
error[E108]: a text in quotes is never closed
  --> example.pde:1:14
   |
 1 | problem heat "Heat in a rod
   |              ^^^^^^^^^^^^^^ the quote opens here
   = help: write the missing `"` on this line
""",
        right="""
problem heat "Heat in a rod"
""",
    ),
    Code(
        "E109",
        "misspelt word",
        """
A word stands where only a few words of the language can stand, and is close to one of them.
""",
        wrong="""
parm nu in [0.01, 0.1]
""",
        message="""
error[E109]: `parm` is not a word of the language
  --> example.pde:1:1
   |
 1 | parm nu in [0.01, 0.1]
   | ^^^^ did you mean `param`?
   = help: write `param`, as in: param nu in [0.01, 0.1] log = 0.02
""",
        right="""
param nu in [0.01, 0.1]
""",
    ),
    Code(
        "E110",
        "`=` for `==`",
        """
Inside brackets and after `where` nothing can be stated, only asked: comparisons are `<`, `<=`, `>`, `>=`, `==` and `!=`.
""",
        wrong="""
u(x, 0) = if(x = 0, 1, 0)
""",
        message="""
error[E110]: `=` states an equation, it does not compare
  --> example.pde:1:16
   |
 1 | u(x, 0) = if(x = 0, 1, 0)
   |                ^ `==` is meant here
   = help: write `==`
""",
        right="""
u(x, 0) = if(x == 0, 1, 0)
""",
    ),
    Code(
        "E111",
        "more than one `=`",
        """
A statement has one `=`. Write a chain of equal values as statements of their own, on lines of their own or with `;` between them.
""",
        wrong="""
u(0, t) = u(1, t) = 0
""",
        message="""
error[E111]: a second `=` in one statement
  --> example.pde:1:19
   |
 1 | u(0, t) = u(1, t) = 0
   |                   ^ the second one
   |         - the first one
   = help: write two statements
""",
        right="""
u(0, t) = 0; u(1, t) = 0
""",
    ),
    Code(
        "E112",
        "statement ends too early",
        """
Something is missing at the end of the statement. A line that ends in an operator, `=`, `,` or `:` goes on in the next one, unless
that one can only be a statement of its own.
""",
        wrong="""
u_t = nu*
u(x, 0) = sin(x)
""",
        message="""
error[E112]: the statement ends too early
  --> example.pde:1:10
   |
 1 | u_t = nu*
   |          ^ expected an expression
   = help: complete it after `*`
""",
        right="""
u_t = nu*u_xx
u(x, 0) = sin(x)
""",
    ),
    Code(
        "E113",
        "not UTF-8",
        """
Programs are text files in the encoding UTF-8, of which ASCII is a part. The place marked holds a byte that cannot occur in it: the
file is in another encoding (Latin-1, UTF-16), or is not text.
""",
        wrong="""
# temp�rature, saved as Latin-1
""",
        message="""
error[E113]: the file is not UTF-8 text
  --> example.pde:1:7
   |
 1 | # temp�
   |       ^ the byte 0xE9 cannot stand here
   = help: save the file in the encoding UTF-8
""",
        right="""
# température, saved as UTF-8
""",
    ),
    Code(
        "E114",
        "reserved word",
        """
Words that begin statements, and `in`, `where`, `and`, `or`, `not`, `sum` and `if`, cannot be names.
""",
        wrong="""
param time in [0, 1]
""",
        message="""
error[E114]: `time` is a word of the language
  --> example.pde:1:7
   |
 1 | param time in [0, 1]
   |       ^^^^ it cannot be a name
   = help: choose another name; the word serves in: time tau in [0, 1]
""",
        right="""
param duration in [0, 1]
""",
    ),
    Code(
        "E115",
        "bracket that matches nothing",
        """
A bracket closes one that was never opened, or one of the other kind: `(` is closed by `)`, `[` by `]`.
""",
        wrong="""
u(x, 0) = sin(pi*x))
""",
        message="""
error[E115]: `)` closes nothing
  --> example.pde:1:20
   |
 1 | u(x, 0) = sin(pi*x))
   |                    ^ no bracket is open here
   = help: remove it, or open a bracket before it
""",
        right="""
u(x, 0) = sin(pi*x)
""",
    ),
    Code(
        "E116",
        "not a coordinate",
        """
Before `in REGION` stand the names of the coordinates that the region confines, in brackets, and nothing else.
""",
        wrong="""
(x, 2*y) in disk((0, 0), 1)
""",
        message="""
error[E116]: only names may stand before `in`
  --> example.pde:1:5
   |
 1 | (x, 2*y) in disk((0, 0), 1)
   |     ^^^ not a name
   = help: write the coordinates: (x, y) in REGION
""",
        right="""
(x, y) in disk((0, 0), 1)
""",
    ),
)
