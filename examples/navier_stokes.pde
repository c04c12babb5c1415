# A vortex that decays between walls at which its velocity is known: the Navier-Stokes equations, incompressible, in time.
# Look at: two velocities and a pressure, which has no equation of its own and is fixed at one place. Walls at rest: leave out the sines.
problem navier_stokes "Taylor-Green vortex between walls"

x in [0, 1]; y in [0, 1]
t in [0, 1]
param nu in [0.001, 1] log = 0.05
field U[2], p

let decay = exp(-2*pi^2*nu*t)

momentum: U_t + dot(U, grad(U)) + grad(p) = nu*laplacian(U)
mass: div(U) = 0

U(x, y, 0) = exact
on boundary: U = exact
p(0.5, 0.5, t) = exact

exact U = (sin(pi*x)*cos(pi*y)*decay, -cos(pi*x)*sin(pi*y)*decay)
exact p = (cos(2*pi*x) + cos(2*pi*y))*decay^2/4
