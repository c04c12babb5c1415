# Nonlinear, second order in time, five half-periods and a growing cubic part.
# Look at: walls with values that move in time, written once as `u = exact`.
problem klein_gordon "Nonlinear Klein-Gordon equation"

x in [0, 1]
t in [0, 1]

u_tt - u_xx + u^3 = source(exact)

u(x, 0) = exact
u_t(x, 0) = 0
on boundary: u = exact

exact u = x*cos(5*pi*t) + (x*t)^3
