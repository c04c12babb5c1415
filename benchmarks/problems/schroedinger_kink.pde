# A system of two: the real and the imaginary part of i h_t + h_xx/2 + |h|^2 h = 0.
# Look at: the peak of |h| = 4 at t = pi/4. The period cuts 2*sech(x) at +-5 and leaves a kink of slope 0.05, which nothing
# smooths: its waves run through the whole domain, and accuracy grows only as (number of kernels)^(-3/2).
problem schroedinger_kink "Cubic Schroedinger equation, h = u + i v"

x in [-5, 5] periodic
t in [0, pi/2]

u_t + v_xx/2 + (u^2 + v^2)*v = 0
v_t - u_xx/2 - (u^2 + v^2)*u = 0

u(x, 0) = 2*sech(x)
v(x, 0) = 0
