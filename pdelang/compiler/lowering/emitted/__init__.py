"""Source of the functions that every emitted module carries for scattered Gaussians.

These files are text to the compiler: it reads what stands below `MARK` in each and never imports them. They are Python
files, and not strings, so that they are formatted, linted and type-checked like everything else. What they take from the
problem (tables, `bounds`) is declared in `given.py`; above the mark stand only imports of each other.
"""

MARK = "# ---- emitted ----\n"
PARTS = ("geometry", "copies", "moments", "direct", "evaluation", "objective", "jacobian")
"""In the order in which they appear in the module."""
