# u0 has u_xx(-1, 0) != 0 at a wall that asks for u_t = 0: a layer that is thin at first.
problem allen_cahn "Allen-Cahn equation"

x in [-1, 1]
t in [0, 1]
param eps in [0.01, 0.05]
param lam in [1, 5]

u_t = eps^2*u_xx - lam*(u^3 - u)

u(x, 0) = x^2*cos(pi*x)
u(-1, t) = -1
u(1, t) = -1
