# The real part of z^2 log z, harmonic: second derivatives are infinite in the corner at the origin, as in every corner of a square under load.
problem corner "A corner"

x in [0, 1]; y in [0, 1]
field u

laplacian(u) = 0

on boundary: u = exact
exact u = 0.5*(x^2 - y^2)*log(x^2 + y^2 + 1e-300) - 2*x*y*atan2(y, x)
