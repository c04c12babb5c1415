# burgers.pde
problem burgers "Viscous Burgers equation"

x in [-1, 1]
t in [0, 1]
param nu in [0.001, 0.1] log = 0.01/pi  # a family; the default after =

u_t + u*u_x = nu*u_xx

u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
