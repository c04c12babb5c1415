# The smallest useful file: a wave carried round a circle, 30 times in t = 2*pi.
# Look at: networks trained on this residual stop at u = 0 for beta = 30; here beta is a runtime
# argument of one linear solve, so `pdelang solve examples/convection.pde -p beta=50` compiles nothing anew.
problem convection "Linear convection"

x in [0, 2*pi] periodic
t in [0, 1]
param beta in [1, 50] = 30

u_t + beta*u_x = 0

u(x, 0) = sin(x)

exact u = sin(x - beta*t)
