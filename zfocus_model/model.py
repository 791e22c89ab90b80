"""Rate planes with a model: the public functions ``rate``, ``rate_stack`` and ``load_model``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy.typing as npt

from zfocus_model.engines import Engine, open_engine
from zfocus_model.packages import DEFAULT_MODEL, Package, open_package
from zfocus_model.planes import as_plane, saturated_fraction
from zfocus_model.rating import Rating, domain_sample, out_of_domain_score, rate_patches
from zfocus_model.tiling import cut


class Model:
    """A model package in an engine, kept open for any number of images."""

    def __init__(
        self, package: Package, engine: Engine, domain_engine: Engine | None = None
    ) -> None:
        self.package = package
        self.engine = engine
        self.domain_engine = domain_engine

    def __repr__(self) -> str:
        """Name, version and engine."""
        return f"<Model {self.name} {self.package.version} in {self.engine.name}>"

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.package.name

    @property
    def package_sha256(self) -> str:
        """SHA-256 that identifies the model package."""
        return self.package.sha256

    def rate(
        self,
        image: npt.ArrayLike,
        mask: npt.ArrayLike | None = None,
        *,
        maximum: int | None = None,
    ) -> Rating:
        """Rate one plane.

        Parameters
        ----------
        image
            (height, width), pixels as stored: integers, floats or booleans of any range. Colour
            images are averaged to grey first (``planes.grey``).
        mask
            (height, width), True (or not 0) where patches may be rated; None: everywhere.
        maximum
            Pixel value at which the plane is saturated, where the array's type does not say.

        Returns
        -------
        Rating
            Undecided, with reason ``too_small``, if the plane is smaller than a patch.

        Raises
        ------
        ZfocusError
            If the image is not one plane of numbers, or the mask has another shape.
        """
        plane = as_plane(image)
        patches = cut(plane, mask)
        probabilities = self.engine.probabilities(patches.pixels)
        unlike = None
        if self.domain_engine:
            sample = patches.pixels[domain_sample(len(patches.pixels))]
            unlike = out_of_domain_score(self.domain_engine.probabilities(sample))
        height, width = plane.shape
        return rate_patches(
            patches.on_grid(probabilities),
            self.package.limits,
            shape_px=(height, width),
            saturated_fraction=saturated_fraction(plane, maximum),
            out_of_domain=unlike,
        )

    def rate_stack(self, planes: Iterable[npt.ArrayLike]) -> tuple[Rating, ...]:
        """Rate planes one after the other.

        Parameters
        ----------
        planes
            A (planes, height, width) array, or any iterable of planes, which is read lazily.

        Returns
        -------
        tuple of Rating
            One a plane, in order.

        Raises
        ------
        ZfocusError
            If one is not a plane of numbers.
        """
        return tuple(self.rate(plane) for plane in planes)


def load_model(
    name_or_path: str | Path = DEFAULT_MODEL, *, engine: str = "auto", threads: int | None = None
) -> Model:
    """Open a model, to be used for any number of images.

    Parameters
    ----------
    name_or_path
        Name of an installed model, or path of a package folder or .zip file.
    engine
        ``onnxruntime``, ``numpy``, or ``auto``: the fastest that is installed.
    threads
        Threads of ONNX Runtime; None: the processors that this process may use.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    ModelError
        If the package is missing, damaged, unsafe or made for something else.
    """
    package = open_package(name_or_path)
    domain = None
    if package.domain_network:
        # So small a network gains nothing from threads, and idle threads would spin meanwhile.
        domain = open_engine(package, engine, threads=1, domain=True)
    return Model(package, open_engine(package, engine, threads=threads), domain)


def rate(
    image: npt.ArrayLike, *, mask: npt.ArrayLike | None = None, model: Model | None = None
) -> Rating:
    """Rate how sharp an image is.

    Parameters
    ----------
    image
        (height, width), pixels as stored: integers, floats or booleans of any range.
    mask
        (height, width), True (or not 0) where patches may be rated; None: everywhere.
    model
        From ``load_model``; None: the default model, opened once.

    Returns
    -------
    Rating
        Level, certainty, status, and the ratings of the patches.

    Raises
    ------
    ZfocusError
        If the image is not one plane of numbers, the mask has another shape, or the default model
        cannot be used.
    """
    return (model or _default_model()).rate(image, mask)


def rate_stack(
    planes: Iterable[npt.ArrayLike], *, model: Model | None = None
) -> tuple[Rating, ...]:
    """Rate the planes of a stack, each for itself.

    Parameters
    ----------
    planes
        A (planes, height, width) array, or any iterable of planes, which is read lazily.
    model
        From ``load_model``; None: the default model, opened once.

    Returns
    -------
    tuple of Rating
        One a plane, in order.

    Raises
    ------
    ZfocusError
        If one is not a plane of numbers, or the default model cannot be used.
    """
    return (model or _default_model()).rate_stack(planes)


@lru_cache(maxsize=1)
def _default_model() -> Model:
    return load_model()
