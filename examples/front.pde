# A viscous front that runs to the right between walls whose values follow it.
# Look at: the exact solution holds for every nu of the family, and is checked so, in symbols, before anything is solved.
problem front "Travelling front of Burgers' equation"

x in [-1, 1]
t in [0, 1]
param nu in [0.005, 0.1] log = 0.01

u_t + u*u_x = nu*u_xx

u(x, 0) = exact
u(-1, t) = exact
u(1, t) = exact

exact u = (1 - tanh((x - t/2)/(4*nu)))/2
