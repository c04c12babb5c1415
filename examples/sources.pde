# Two sources in an absorbing medium, which forgets them within a few lengths l.
#
# Look at: what a change of one source costs. With a solution saved,
#
#   pdelang solve sources.pde --method least_squares -O kernels=2000 --tol 1e-4 -o u.nc
#   pdelang solve sources.pde --from u.nc -p q=1.5 --plot-layout again.png
#
# adapts only kernels around the second source, whose strength has changed. docs/solutions.md says how.
problem sources "Two sources in an absorbing medium"

x in [0, 1]
y in [0, 1]
param q in [0, 2] = 1  # strength of the second source
param s in [0.7, 0.8] = 0.75  # and where it stands
let l = 0.02

u - l^2*laplacian(u) = source(exact)
on boundary: u = exact

exact u = exp(-((x - 0.25)^2 + (y - 0.7)^2)/(2*0.05^2)) +
    q*exp(-((x - s)^2 + (y - 0.25)^2)/(2*0.05^2))
