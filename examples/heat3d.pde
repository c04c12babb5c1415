# Four coordinates, three of space and one of time.
# Look at: `laplacian` acts on space alone; six faces are one line.
problem heat3d "Heat equation in a cube"

x in [0, 1]
y in [0, 1]
z in [0, 1]
t in [0, 1]
param kappa in [0.01, 0.1] log = 0.05

u_t = kappa*laplacian(u)

u(x, y, z, 0) = sin(pi*x)*sin(2*pi*y)*sin(pi*z)
on boundary: u = 0

exact u = exp(-6*pi^2*kappa*t)*sin(pi*x)*sin(2*pi*y)*sin(pi*z)
