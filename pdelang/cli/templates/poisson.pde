# A steady problem in two dimensions, with a known solution to measure the error against.
problem poisson "Poisson equation on a square"

x in [0, 1]
y in [0, 1]
param k in [1, 4] = 1

# `source(exact)` stands for the right-hand side that makes the exact solution below true.
-laplacian(u) = source(exact)

# Conditions on the whole boundary; `on x = 0:` would speak of one side, `dn(u)` is the outward normal derivative.
on boundary: u = exact

exact u = sin(k*pi*x)*sin(pi*y)
