# Two space coordinates, second order in time, a quadratic term; more than three periods on a large box.
# Look at: `source(exact)` derives the right-hand side, and `u = exact` stands for values on four edges that move in time.
problem klein_gordon_2d "Nonlinear Klein-Gordon equation in the plane"

x in [-1, 1]
y in [-1, 1]
t in [0, 10]

u_tt - laplacian(u) + u^2 = source(exact)

u(x, y, 0) = exact
u_t(x, y, 0) = 2*x*y
on boundary: u = exact

exact u = (x + y)*cos(2*t) + x*y*sin(2*t)
