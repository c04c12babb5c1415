# Two dimensions and time: a direct solve takes seconds.
problem dear "Viscous Burgers equation on a square"

x in [0, 1]
y in [0, 1]
t in [0, 1]
param nu in [0.005, 0.1] log
param A in [0.5, 1.5]
param B in [-0.5, 0.5]

u_t + u*(u_x + u_y) = nu*laplacian(u)

u(x, y, 0) = A*sin(pi*x)*sin(pi*y) + B*sin(2*pi*x)*sin(pi*y)
on boundary: u = 0
