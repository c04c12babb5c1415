# Two space coordinates and time, nonlinear, between walls: the hill runs towards the corner (1, 1) and steepens there.
# Look at: `-p nu=0.01`, where the layer at the walls becomes five times thinner.
problem burgers2d "Burgers' equation on a square"

x in [0, 1]
y in [0, 1]
t in [0, 1]
param nu in [0.01, 0.5] log = 0.05

u_t + u*(u_x + u_y) = nu*laplacian(u)

u(x, y, 0) = sin(pi*x)*sin(pi*y)
on boundary: u = 0
