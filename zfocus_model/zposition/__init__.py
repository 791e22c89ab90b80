"""z-position: stacks and their labels, the z model, the best plane, the focus lock.

Everywhere positive z means that the objective has moved toward the sample; ``z_um`` of a plane is
where it was taken minus where focus is.
"""
