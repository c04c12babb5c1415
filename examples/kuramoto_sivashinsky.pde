# Fourth order and chaotic: long waves grow, short ones are damped, u*u_x carries energy from the first to the second.
# Look at: neighbouring solutions part exponentially fast, so an error made early is large late; compare with the reference.
problem kuramoto_sivashinsky "Kuramoto-Sivashinsky equation, chaotic"

x in [0, 2*pi] periodic
t in [0, 1]
param alpha in [1, 10] = 100/16
param beta in [0.1, 1] = 100/16^2
param gamma in [0.001, 0.01] = 100/16^4

u_t + alpha*u*u_x + beta*u_xx + gamma*d(u, x, 4) = 0

u(x, 0) = cos(x)*(1 + sin(x))
