"""zfocus: which microscope images are sharp, how far off are the others, and how sure is that.

>>> import zfocus_model
>>> rating = zfocus_model.rate(image)  # doctest: +SKIP
>>> rating.status, rating.level  # doctest: +SKIP
('in_focus', 0)

Importing the package imports nothing else, not even numpy: each name is fetched when it is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfocus_model._version import __version__

if TYPE_CHECKING:
    from zfocus_model.batch import rate_files
    from zfocus_model.measures import measure
    from zfocus_model.model import load_model, rate, rate_stack
    from zfocus_model.optics import defocus
    from zfocus_model.rating import Rating
    from zfocus_model.zposition.best_plane import best_plane

__all__ = [
    "Rating",
    "__version__",
    "best_plane",
    "defocus",
    "load_model",
    "measure",
    "rate",
    "rate_files",
    "rate_stack",
]

_MODULES = {
    "Rating": "rating",
    "best_plane": "zposition.best_plane",
    "defocus": "optics",
    "load_model": "model",
    "measure": "measures",
    "rate": "model",
    "rate_files": "batch",
    "rate_stack": "model",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'zfocus_model' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"zfocus_model.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
