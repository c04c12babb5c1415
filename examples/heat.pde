# Three Fourier modes that decay at their own speeds, written with `sum`.
# Look at: the fifth mode is gone after t = 0.02, the first one stays; no time step is ever chosen by the user.
problem heat "Heat equation on a rod"

x in [0, 1]
t in [0, 1]
param kappa in [0.01, 1] log = 0.1

u_t = kappa*u_xx

u(x, 0) = sum(m in 0..2: sin((2*m + 1)*pi*x)/(2*m + 1))
on boundary: u = 0

exact u = sum(m in 0..2: exp(-kappa*((2*m + 1)*pi)^2*t)*sin((2*m + 1)*pi*x)/(2*m + 1))
