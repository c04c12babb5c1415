# Steady Navier-Stokes behind a grid: velocity and pressure with an exact solution (Kovasznay, 1948).
# Look at: vectors. `dot(U, grad(U))` convects, an equation between vectors is one equation a component, and the
# pressure, known only up to a constant, is fixed at one point.
problem kovasznay "Kovasznay flow"

x in [-0.5, 1]
y in [-0.5, 1.5]
param Re in [10, 100] log = 40
field U[2], p

let decay = Re/2 - sqrt(Re^2/4 + 4*pi^2)

momentum: dot(U, grad(U)) + grad(p) = laplacian(U)/Re
mass: div(U) = 0

on boundary: U = exact
p(0, 0) = 0

exact U = (1 - exp(decay*x)*cos(2*pi*y), decay/(2*pi)*exp(decay*x)*sin(2*pi*y))
exact p = (1 - exp(2*decay*x))/2
