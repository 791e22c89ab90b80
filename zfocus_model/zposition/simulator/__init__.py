"""Through-focus images in transmitted light: phase objects in um, partially coherent light.

`optics`        objective, condenser, wavelength; points of the source; pupil
`waves`         light through slices of a specimen, and the picture at any z
`objects`       walled ellipsoids, long cells, pillars, as slices of phase and absorption
`colony`        yeast that grows, buds and divides on floor and ceiling of a chamber
`specimens`     fields of yeast and of Euglena-like cells, as slices
`record`        illumination, dust, camera noise, 8-bit counts
`systems`       what a stack is made of, how yeast and long cells vary
`recipes`       recipes of whole data sets, and stacks made after them
`dataset`       stacks as OME-TIFF with their label table
`scene`         one live frame of a growing chamber at any z

docs/zposition-simulator.md has formulas and sources.
"""
