# A string that starts as a parabola: at its ends u_tt = u_xx = -2 contradicts u = 0, and a jump of the curvature runs to and fro.
problem plucked_string "Plucked string"

x in [0, 1]; t in [0, 1]
field u

u_tt = u_xx

u(0, t) = 0; u(1, t) = 0
u(x, 0) = x*(1 - x); u_t(x, 0) = 0
exact u = 0.5*((1 - x - t)*min(x + t, 2 - x - t) + (x - t)*(1 - abs(x - t)))
