"""Syntax expressions -> resolved scalars and vectors: one file a kind of expression, joined in `elaborate.py`."""
