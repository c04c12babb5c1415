# Where k^2 = (m^2 + n^2) pi^2/4 the homogeneous problem has a solution of its own: k = 2.22, 3.51, 4.44, 4.97 lie inside the range.
problem helmholtz "Helmholtz equation"

x in [-1, 1]
y in [-1, 1]
param a1 in [0.5, 5]
param a2 in [0.5, 5]
param k in [0.5, 5]

u_xx + u_yy + k^2*u = source(exact)

on boundary: u = exact

exact u = sin(a1*pi*x)*sin(a2*pi*y)
