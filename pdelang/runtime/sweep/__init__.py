"""`pdelang.sweep`: a whole family of solutions without training. See `drive.py` for how."""

from pdelang.runtime.sweep.api import sweep as sweep
