# Nine parameters: too many for a grid of solves.
problem many "Viscous Burgers equation from eight random modes"

x in [-1, 1]
t in [0, 1]
param nu in [0.01, 0.1] log
param a[8] in [-1, 1]

u_t + u*u_x = nu*u_xx

u(x, 0) = sum(k in 1..8: a[k]/k*sin(k*pi*x))
u(-1, t) = 0
u(1, t) = 0
