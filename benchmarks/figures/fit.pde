# The pure mean square error of the paper's figure 2, right: eq. (3) of an equation without derivatives.
problem fit "Convection's solution, fitted"

x in [0, 2*pi] periodic
t in [0, 1]
param beta in [1, 50] = 30
field u

u = sin(x - beta*t)

exact u = sin(x - beta*t)
