"""A second simulator, for tests only: rigorous PSFs on objects with depth, from the sample up.

Training uses `zfocus_model.optics` (paraxial, flat images). What is judged with the same formulas
that it was trained with looks better than it is, so nothing in `zfocus_model.training` may import
from here (`tests/simulation` holds it to that). Needs the package ``psfmodels``.

`lift`          a real sharp image, made a thin specimen with depth, and defocused
`objects`       nuclei, cytoplasm, filaments ... drawn in um, finer than any objective resolves
`microscope`    the vectorial PSF, at its best focus or away from it, through a wrong index if asked
`fields`        objects through a microscope onto camera pixels
"""
