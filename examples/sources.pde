# Two sources in an absorbing medium: what one of them does is forgotten 20 l away.
# After `pdelang solve sources.pde --method least_squares -o u.nc`, try
#   pdelang solve sources.pde --from u.nc -p q=1.5 --plot-layout again.png
# kernels around the second source are adapted anew, the others stay.
problem sources "Two sources in an absorbing medium"

x in [0, 1]
y in [0, 1]
param q in [0, 2] = 1                   # strength of the second source
param s in [0.68, 0.72] = 0.7           # and where it stands
let l = 0.015                           # how far influence reaches

let first = exp(-((x - 0.3)^2 + (y - 0.6)^2)/(2*0.04^2))
let second = exp(-((x - s)^2 + (y - 0.35)^2)/(2*0.04^2))

u - l^2*laplacian(u) = first + q*second
on boundary: u = 0
