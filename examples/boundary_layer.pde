# One coordinate and a layer of width eps at x = 0.
# Look at: `-p eps=1e-6`; uniform kernels cannot see that layer, and a solve that misses it has to say so.
problem boundary_layer "Boundary layer"

x in [0, 1]
param eps in [1e-6, 1] log = 0.02

eps*u_xx + u_x = 1

u(0) = 0
u(1) = 0

exact u = x - (1 - exp(-x/eps))/(1 - exp(-1/eps))
