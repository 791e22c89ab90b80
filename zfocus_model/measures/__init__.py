"""Classical focus measures: one number of contrast or detail, by name.

They say which of several images of one scene is the sharpest. None has a value that means "in
focus" for every image: for that, `zfocus_model.rate` is there. Numpy only, but for one measure.

>>> from zfocus_model.measures import MEASURES, measure
>>> measure([[0, 0, 4], [0, 0, 4], [0, 0, 4]], "brenner")
8.0
>>> MEASURES["brenner"].higher_is_sharper
True
"""

from __future__ import annotations

from zfocus_model.measures.registry import MEASURES, WITHOUT_EXTRAS, Measure, measure

__all__ = ["MEASURES", "WITHOUT_EXTRAS", "Measure", "measure"]
