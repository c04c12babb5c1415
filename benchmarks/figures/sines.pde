# What pykan's seventh example solves by Kolmogorov-Arnold networks.
problem sines "Poisson's equation"

x in [-1, 1]
y in [-1, 1]

u_xx + u_yy = source(exact)

on boundary: u = 0

exact u = sin(pi*x)*sin(pi*y)
