# Heat between a wall of known flux and a wall that loses heat (Robin), both moving in time.
# Look at: conditions are written as in a paper, derivatives of the field applied to a place.
problem robin "Heat between a flux and a Robin wall"

x in [-1, 1]
t in [0, 1]
param k in [0.1, 1] log = 0.3
param h in [0, 10] = 2

let rod(x, t) = exp(-t)*cos(2*x) + x*sin(3*t)
let slope(x, t) = -2*exp(-t)*sin(2*x) + sin(3*t)

u_t = k*u_xx + source(exact)

u(x, 0) = rod(x, 0)
u_x(-1, t) = slope(-1, t)
u_x(1, t) + h*u(1, t) = slope(1, t) + h*rod(1, t)

exact u = rod(x, t)
