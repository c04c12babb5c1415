# A plane wave of the cubic equation i h_t + (h_xx + h_yy)/2 + |h|^2 h = 0; its frequency is shifted by the cubic term.
# Look at: two real equations, coupled through their highest derivatives.
problem schroedinger_2d "Cubic Schroedinger equation in the plane"

x in [0, 2*pi] periodic
y in [0, 2*pi] periodic
t in [0, 1]

let phase = x + 2*y - 3/2*t

u_t + laplacian(v)/2 + (u^2 + v^2)*v = 0
v_t - laplacian(u)/2 - (u^2 + v^2)*u = 0

u(x, y, 0) = exact
v(x, y, 0) = exact

exact u = cos(phase)
exact v = sin(phase)
