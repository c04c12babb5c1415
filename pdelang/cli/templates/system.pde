# Two fields: the cubic Schroedinger equation i*h_t + h_xx/2 + |h|^2*h = 0 for h = u + i*v.
problem system "Cubic Schroedinger equation"

x in [-pi, pi] periodic
t in [0, 1]

# Labels name the equations in messages and certificates.
real: u_t + v_xx/2 + (u^2 + v^2)*v = 0
imaginary: v_t - u_xx/2 - (u^2 + v^2)*u = 0

u(x, 0) = cos(2*x)
v(x, 0) = sin(2*x)

# A plane wave. With `exact` the compiler checks the equations, and the solver measures its error.
exact u = cos(2*x - t)
exact v = sin(2*x - t)
