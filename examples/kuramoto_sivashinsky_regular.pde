# The same equation where few waves are unstable: a regular pattern.
# Look at: how few kernels it needs beside kuramoto_sivashinsky.pde.
problem kuramoto_sivashinsky_regular "Kuramoto-Sivashinsky equation, regular"

x in [-1, 1] periodic
t in [0, 1]

u_t + 5*u*u_x + 0.5*u_xx + 0.005*d(u, x, 4) = 0

u(x, 0) = -sin(pi*x)
