# The lid-driven cavity with a lid whose speed falls to zero at its ends, so that the corners are smooth enough.
# Look at: no exact solution is known. The pressure is fixed in the middle, because at the corners it is least smooth.
problem cavity "Lid-driven cavity, regularised"

x in [0, 1]; y in [0, 1]
param Re in [10, 400] log = 100
field U[2], p

momentum: dot(U, grad(U)) + grad(p) = laplacian(U)/Re
mass: div(U) = 0

on x = 0: U = (0, 0)
on x = 1: U = (0, 0)
on y = 0: U = (0, 0)
on y = 1: U = (16*x^2*(1 - x)^2, 0)
p(0.5, 0.5) = 0
