def verify(residual):
    pass
