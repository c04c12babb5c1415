# A wave carried round a circle: up to 4.8 times for beta = 30.
problem convection "Linear convection"

x in [0, 2*pi] periodic
t in [0, 1]
param beta in [0.7, 30]

u_t + beta*u_x = 0

u(x, 0) = 1 + sin(x)

exact u = 1 + sin(x - beta*t)
