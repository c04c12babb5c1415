# Three processes with a parameter each: carried at speed a, spread by D, consumed at rate k.
# Look at: all three are runtime arguments, and the coefficients are constant, so one factorisation serves.
problem advection_diffusion_reaction "Advection, diffusion, reaction"

x in [0, 2*pi] periodic
t in [0, 2]
param a in [-5, 5] = 3
param D in [0.01, 1] log = 0.05
param k in [0, 2] = 0.3

u_t + a*u_x = D*u_xx - k*u

u(x, 0) = sin(x) + cos(3*x)/2

exact u = exp(-(D + k)*t)*sin(x - a*t) + exp(-(9*D + k)*t)*cos(3*(x - a*t))/2
