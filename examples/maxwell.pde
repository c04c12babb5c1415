# Maxwell's equations in the plane, transverse magnetic: one electric and two magnetic components between conducting walls.
# Look at: the walls fix the electric field alone; the magnetic components need no condition.
problem maxwell "A mode of a cavity"

x in [0, 1]
y in [0, 1]
t in [0, 1]

e_t = b_x - a_y
a_t = -e_y
b_t = e_x

e(x, y, 0) = exact
a(x, y, 0) = exact
b(x, y, 0) = exact
on boundary: e = 0

exact e = cos(sqrt(5)*pi*t)*sin(pi*x)*sin(2*pi*y)
exact a = -2/sqrt(5)*sin(sqrt(5)*pi*t)*sin(pi*x)*cos(2*pi*y)
exact b = 1/sqrt(5)*sin(sqrt(5)*pi*t)*cos(pi*x)*sin(2*pi*y)
