"""Text -> syntax tree: what `parser.py` and `formatter.py` are made of."""
