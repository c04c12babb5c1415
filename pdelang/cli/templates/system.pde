# Two fields: the cubic Schroedinger equation for h = u + i*v.
problem system "Cubic Schroedinger equation"

x in [-5, 5] periodic
t in [0, 0.5]

# Labels name the equations in messages and certificates.
real: u_t + v_xx/2 + (u^2 + v^2)*v = 0
imaginary: v_t - u_xx/2 - (u^2 + v^2)*u = 0

u(x, 0) = 2*sech(x)
v(x, 0) = 0
