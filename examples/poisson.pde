# Two dimensions, no time, a solution that is not a product of functions of x and of y.
# Look at: `on boundary: u = exact` gives the values on all four edges in one line.
problem poisson "Poisson equation on a square"

x in [0, 1]
y in [0, 1]

-laplacian(u) = source(exact)

on boundary: u = exact

exact u = exp(-x*y)*sin(pi*(x + 2*y))
