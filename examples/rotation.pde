# A hill carried around once by a solid rotation: no diffusion helps, and no axis follows the motion.
# Look at: a box that is periodic although the coefficients are not; the hill stays away from its edges.
problem rotation "Solid rotation of a hill"

x in [-1, 1] periodic
y in [-1, 1] periodic
t in [0, 1]

u_t - 2*pi*y*u_x + 2*pi*x*u_y = 0

u(x, y, 0) = exp(-60*((x - 0.3)^2 + y^2))

exact u = exp(-60*((x - 0.3*cos(2*pi*t))^2 + (y - 0.3*sin(2*pi*t))^2))
