# A system of two, the real and the imaginary part of i h_t + h_xx/2 + |h|^2 h = 0: two bound solitons that beat with period pi/2
# (Satsuma and Yajima, 1974).
# Look at: a box so wide that the seam sees nothing: 2 sech(30) = 4e-13, and its slope jumps by as much.
problem schroedinger "Cubic Schroedinger equation, two bound solitons"

x in [-30, 30] periodic
t in [0, pi/2]
field u, v

u_t + v_xx/2 + (u^2 + v^2)*v = 0
v_t - u_xx/2 - (u^2 + v^2)*u = 0
u(x, 0) = 2*sech(x)
v(x, 0) = 0

let d = cosh(4*x) + 4*cosh(2*x) + 3*cos(4*t)
let a = 4*(cosh(3*x) + 3*cosh(x)*cos(4*t))/d
let b = 4*3*cosh(x)*sin(4*t)/d

exact u = a*cos(t/2) - b*sin(t/2)
exact v = a*sin(t/2) + b*cos(t/2)
