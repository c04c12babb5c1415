"""The method `product`: Newton's iteration on product layouts, steady or slab by slab. `newton.py` is where it begins."""
