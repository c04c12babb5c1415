# A program reads like the problem statement of a paper; the order of its lines is free.
problem burgers "Viscous Burgers equation"

# Coordinates and their intervals. `t` is time; add `periodic` behind an interval to wrap it.
x in [-1, 1]
t in [0, 1]

# A parameter, its range and its default: `pdelang solve FILE -p nu=0.02` gives another value.
param nu in [0.005, 0.1] log = 0.05

# The equation. u_x, u_xx, u_xt are derivatives; d(e, x) differentiates any expression.
u_t + u*u_x = nu*u_xx

# Conditions: the field applied to its arguments, in the order of the coordinates.
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
