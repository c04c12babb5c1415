# Nonlinear and steady: Newton's method on one linear system after another, each with the symbolic derivative -lap + 3*u^2.
# Look at: `pdelang compile examples/elliptic.pde --emit residual`, where that derivative is printed.
problem elliptic "Nonlinear elliptic equation"

x in [0, 1]
y in [0, 1]

-laplacian(u) + u^3 = source(exact)

on boundary: u = 0

exact u = sin(pi*x)*sin(pi*y) + 4*sin(4*pi*x)*sin(4*pi*y)
