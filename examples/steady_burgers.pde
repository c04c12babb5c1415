# A nonlinear layer of width nu, where Newton's iteration fails from a cold start.
# Look at: the solve begins with the second derivative multiplied by a power of 4, which amounts to a larger nu, and comes down from
# there; the layout follows the layer. `-p nu=1e-6` is no harder.
problem steady_burgers "Steady Burgers equation"

x in [0, 1]
param nu in [1e-6, 0.02] log = 1e-3

u*u_x = nu*u_xx

u(0) = 0
u(1) = -1

exact u = -tanh(x/(2*nu))
