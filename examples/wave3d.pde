# Four coordinates and second order in time.
# Look at: two conditions at the start, and one line for six faces.
problem wave3d "Wave equation in a cube"

x in [0, 1]
y in [0, 1]
z in [0, 1]
t in [0, 1]

u_tt = laplacian(u)

u(x, y, z, 0) = sin(pi*x)*sin(2*pi*y)*sin(2*pi*z)
u_t(x, y, z, 0) = 0
on boundary: u = 0

exact u = cos(3*pi*t)*sin(pi*x)*sin(2*pi*y)*sin(2*pi*z)
