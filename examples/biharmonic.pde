# Fourth order: a plate clamped at its edge, where deflection and slope both vanish.
# Look at: `dn(w)` is the outward normal derivative; the operator is written as the product it is.
problem biharmonic "Clamped square plate"

x in [0, 1]
y in [0, 1]
field w

laplacian(laplacian(w)) = source(exact)

on boundary: w = 0, dn(w) = 0

exact w = sin(pi*x)^2*sin(pi*y)^2*exp(x - y)
