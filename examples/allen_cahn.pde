# Phase separation: u falls to -1 or 1 and keeps walls of width sqrt(diffusivity/rate), about 0.005, between them.
# Look at: the initial value has a kink where the period closes (x = -1 and 1), so the first 1e-4 of time
# holds a thin layer there; the reference (references/allen_cahn.nc) takes u0 by its analytic Fourier coefficients.
problem allen_cahn "Allen-Cahn equation"

x in [-1, 1] periodic
t in [0, 1]
param diffusivity in [1e-4, 1e-2] log = 1e-4
param rate in [1, 5] = 5

u_t = diffusivity*u_xx - rate*(u^3 - u)

u(x, 0) = x^2*cos(pi*x)
