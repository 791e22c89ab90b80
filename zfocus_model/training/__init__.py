"""From in-focus images to a model package: data, networks, losses, fit, calibration, export.

Everything here needs the ``train`` extra (Keras). Nothing heavy is imported before a verb asks.
"""
