# A vortex winds a front up; every circle turns at a speed of its own, so gradients grow with time.
# Look at: the speed of rotation, sech(r)^2*tanh(r)/r, is smooth at r = 0, where the formula is 0/0; a small number under the root
# keeps the formula there, and changes the speed by 1e-12 at most.
problem flow_mixing "Mixing of a front by a vortex"

x in [-4, 4]
y in [-4, 4]
t in [0, 4]

let r = sqrt(x^2 + y^2 + 1e-12)
let w = sech(r)^2*tanh(r)/(0.385*r)

u_t - w*y*u_x + w*x*u_y = 0

u(x, y, 0) = exact
on boundary: u = exact

exact u = -tanh(y/2*cos(w*t) - x/2*sin(w*t))
