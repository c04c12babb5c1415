# The lid-driven cavity with a smooth lid by its stream function: u = s_y, v = -s_x. One field of fourth order, no pressure.
# Look at: the same flow as examples/cavity.pde, from a third of the unknowns, and with velocities a hundred times more accurate.
problem cavity_streamfunction "Lid-driven cavity, regularised, by its stream function"

x in [0, 1]; y in [0, 1]
param Re in [10, 400] log = 100
field s

s_y*d(laplacian(s), x) - s_x*d(laplacian(s), y) = laplacian(laplacian(s))/Re

on boundary: s = 0
on x = 0: s_x = 0
on x = 1: s_x = 0
on y = 0: s_y = 0
on y = 1: s_y = 16*x^2*(1 - x)^2
