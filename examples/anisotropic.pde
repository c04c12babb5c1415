# Diffusion that prefers a direction, with coefficients that vary in space and time.
# Look at: the mixed derivative `u_xy`.
problem anisotropic "Anisotropic diffusion"

x in [0, 1]
y in [0, 1]
t in [0, 1]

u_t = (1 + x*t/2)*u_xx/10 + u_xy/10 + (1 + y^2)*u_yy/10 + source(exact)

u(x, y, 0) = exact
on boundary: u = exact

exact u = exp(-t)*sin(2*x + y)*cos(y - x)
