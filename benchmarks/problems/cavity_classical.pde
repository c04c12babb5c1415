# The lid-driven cavity whose lid has speed 1 up to its ends, where the velocity jumps and vorticity is infinite.
# Look at: near either end the flow is Taylor's (1962), a corner that a wall scrapes out; the field s is what is left of the stream function.
# The equation is multiplied by the squares of the distances to both ends, or its inertia would not be square integrable.
problem cavity_classical "Lid-driven cavity, lid of speed 1, by its stream function"

x in [0, 1]; y in [0, 1]
param Re in [10, 400] log = 100
field s

let n = pi^2 - 4
let a = atan2(1 - y, x)
let b = atan2(1 - y, 1 - x)
let left = -(pi^2*(1 - y) - 2*pi*a*(1 - y) - 4*a*x)/n
let right = -(pi^2*(1 - y) - 2*pi*b*(1 - y) - 4*b*(1 - x))/n
let psi = s + left + right
let weight = (x^2 + (1 - y)^2)*((1 - x)^2 + (1 - y)^2)

weight*(d(psi, y)*d(laplacian(psi), x) - d(psi, x)*d(laplacian(psi), y)) = weight*laplacian(laplacian(s))/Re

on x = 0: s = -right
on x = 0: s_x = -d(right, x)
on x = 1: s = -left
on x = 1: s_x = -d(left, x)
on y = 0: s = -left - right
on y = 0: s_y = -d(left + right, y)
on y = 1: s = 0
on y = 1: s_y = -1
