# The velocity x changes its sign inside: a layer of width sqrt(eps) at the turning point, and none at the walls.
# Look at: `--plot-layout`, where the kernels stand.
problem interior_layer "Turning point"

x in [-1, 1]
param eps in [1e-8, 1e-2] log = 1e-4

eps*u_xx + x*u_x = 0

u(-1) = -1
u(1) = 1

exact u = erf(x/sqrt(2*eps))/erf(1/sqrt(2*eps))
