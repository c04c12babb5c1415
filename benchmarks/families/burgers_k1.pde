# Discrete choices are files of their own: k = 1.
problem burgers_k1 "Viscous Burgers equation, u0 = A sin(1 pi x)"

x in [-1, 1]
t in [0, 1]
param nu in [0.01, 0.3] log
param A in [0.5, 2.3]

u_t + u*u_x = nu*u_xx

u(x, 0) = A*sin(1*pi*x)
u(-1, t) = 0
u(1, t) = 0
