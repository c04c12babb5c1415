problem burgers_nu "Viscous Burgers equation, nu alone"

x in [-1, 1]
t in [0, 1]
param nu in [0.01, 0.3] log

u_t + u*u_x = nu*u_xx

u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
