"""Statements -> Problem: the passes of `semantics.py`, each of which reports what it finds."""
