# What enters begins with a kink, which travels through.
problem inflow "Inflow that starts"

x in [0, 1]; t in [0, 1]
field u

u_t + u_x = 0

u(0, t) = sin(3*t)
u(x, 0) = 0
exact u = sin(3*max(t - x, 0))
