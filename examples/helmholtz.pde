# A steady, linear problem with a made-up solution: `source(exact)` is the right-hand side that makes it true,
# -(a1^2*pi^2 + a2^2*pi^2 - k^2)*sin(a1*pi*x)*sin(a2*pi*y); nobody has to derive it by hand.
# Look at: `pdelang compile examples/helmholtz.pde --emit latex`, which prints that right-hand side.
problem helmholtz "Helmholtz equation"

x in [-1, 1]
y in [-1, 1]
param a1 in [1, 10] = 1
param a2 in [1, 10] = 4
param k in [0.5, 2] = 1

u_xx + u_yy + k^2*u = source(exact)

on boundary: u = exact

exact u = sin(a1*pi*x)*sin(a2*pi*y)
