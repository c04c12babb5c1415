# Second order in time: the field and its velocity are both given at the start.
problem wave "Vibrating string"

x in [0, 1]
t in [0, 1]
param c in [0.5, 2] = 1

u_tt = c^2*u_xx

u(x, 0) = sin(pi*x)
u_t(x, 0) = 0
u(0, t) = 0
u(1, t) = 0

# The known solution: checked symbolically against every line above, and used to measure the error.
exact u = sin(pi*x)*cos(pi*c*t)
