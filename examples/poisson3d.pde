# Three dimensions, no time, a solution that is not a product.
# Look at: `on boundary: u = exact` gives the values on six faces in one line.
problem poisson3d "Poisson equation in a cube"

x in [0, 1]
y in [0, 1]
z in [0, 1]

-laplacian(u) = source(exact)

on boundary: u = exact

exact u = exp(-x*y*z)*sin(pi*(x + 2*y - z))
