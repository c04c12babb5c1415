"""Programs that together use the whole language, for the compiler's tests."""

from __future__ import annotations

BURGERS = """problem burgers "Viscous Burgers equation"
x in [-1, 1]
t in [0, 1]
param nu in [0.001, 0.1] log = 0.01/pi
u_t + u*u_x = nu*u_xx
u(x, 0) = -sin(pi*x)
u(-1, t) = 0
u(1, t) = 0
"""

SCHROEDINGER = """problem nls "Cubic Schroedinger equation, h = u + i v"
x in [-5, 5] periodic
t in [0, pi/2]
u_t + v_xx/2 + (u^2 + v^2)*v = 0
v_t - u_xx/2 - (u^2 + v^2)*u = 0
u(x, 0) = 2*sech(x)
v(x, 0) = 0
"""

MANUFACTURED = """problem manufactured
x in [0, L]
y in [0, 1]
param L in [1, 2] = 1.5
param a[2] in [-1, 1] = 0.5
div(if(x < L/2, 1 + x, sqrt(x + 1))*grad(u)) + abs(u)*u = source(exact) where x > 0.1
on boundary: u = exact
exact u = sum(k in 1..2: a[k]*sin(k*x)*exp(-y^2)) + erf(x*y)
"""

WAVE = """problem wave
λ in [0, 1]
time τ in [0, 2]
param lambda in [1, 2] = 1
param print ~ normal(0, 1)
d(u, τ, 2) = lambda^2*d(u, λ, 2) + print*heaviside(λ - 1/3)
u(λ, 0) = sin(pi*λ)
on τ = 0: d(u, τ) = 0
u(0, τ) = u(1, τ) where τ < 1
u_λ(0, τ) + 3*u(0, τ)^2 = max(τ, 0.1, u(0, τ))
"""

PROGRAMS = {"burgers": BURGERS, "schroedinger": SCHROEDINGER, "manufactured": MANUFACTURED, "wave": WAVE}
