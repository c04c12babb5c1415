# Third order: dispersion breaks a cosine into a train of solitons (Zabusky and Kruskal, 1965).
# Look at: the steep front near t = 0.3 that does not become a shock but a row of four waves.
problem kdv "Korteweg-de Vries equation"

x in [-1, 1] periodic
t in [0, 1]
param delta in [0.0025, 0.02] log = 0.0025

u_t + u*u_x + delta*u_xxx = 0

u(x, 0) = cos(pi*x)
