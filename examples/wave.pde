# Second order in time: two initial conditions, the value and the slope.
# Look at: a plucked chord of two modes, which come back to their start after t = 2/c.
problem wave "A string with fixed ends"

x in [0, 1]
t in [0, 1]
param c in [0.5, 4] = 2

u_tt = c^2*u_xx

u(x, 0) = sin(pi*x) + sin(4*pi*x)/2
u_t(x, 0) = 0
on boundary: u = 0

exact u = sin(pi*x)*cos(c*pi*t) + sin(4*pi*x)*cos(4*c*pi*t)/2
