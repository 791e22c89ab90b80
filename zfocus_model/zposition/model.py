"""A z-position model, kept open: images to signed z-positions, from each image alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.engines import Engine, open_engine
from zfocus_model.packages import Z_TASK, Package, open_package
from zfocus_model.planes import as_plane
from zfocus_model.zposition.grid import choose_factor, downsample
from zfocus_model.zposition.reading import ZLimits, ZPosition, read_z

DEFAULT_Z_MODEL = "zposition-yeast"
"""Name of the model that is used if none is named."""


class ZModel:
    """A z-position package in an engine, kept open for any number of images.

    Parameters
    ----------
    package
        A package of the task ``z-position``.
    engine
        The engine that runs it.
    """

    def __init__(self, package: Package, engine: Engine) -> None:
        self.package = package
        self.engine = engine
        config = package.config
        self.bins_um: npt.NDArray[np.float64] = np.asarray(config["bins_um"], dtype=np.float64)
        """(bins,), centres of the z bins in um."""
        self.pixel_size_um = float(config["pixel_size_um"])
        """Pixel size in um that the network is made for; finer images are averaged to it."""
        self.limits = limits_of(package)
        """What still counts as decided."""

    def __repr__(self) -> str:
        """Name, version and engine."""
        return f"<ZModel {self.name} {self.package.version} in {self.engine.name}>"

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.package.name

    @property
    def package_sha256(self) -> str:
        """SHA-256 that identifies the model package."""
        return self.package.sha256

    def on_grid(
        self,
        image: npt.ArrayLike,
        *,
        pixel_size_um: float | None = None,
        downsampling: int | None = None,
    ) -> npt.NDArray[np.float32]:
        """Average an image to the pixel size of the model, and check it.

        Parameters
        ----------
        image
            (height, width), pixels as stored: integers, floats or booleans of any range. Colour
            images are averaged to grey first (``planes.grey``).
        pixel_size_um
            Its pixel size in um.
        downsampling
            How many pixels to average along each axis; 1: it has the model's pixel size already.
            One of the two must be given.

        Returns
        -------
        ndarray of float32
            (height, width) on the grid of the model.

        Raises
        ------
        ZfocusError
            If the image is not one plane of finite numbers, is too small, or its pixel size is
            not known or far from the model's.
        """
        plane = as_plane(image)
        factor = choose_factor(pixel_size_um, downsampling, self.pixel_size_um)
        smallest = self.package.meaning.smallest_px
        if min(plane.shape) // factor < smallest:
            height, width = plane.shape
            raise ZfocusError(
                f"expected at least {smallest * factor} x {smallest * factor} px ({smallest} px "
                f"after averaging {factor} x {factor}), got {height} x {width}: take a larger image"
            )
        small = downsample(plane, factor)
        if not np.isfinite(small).all():
            raise ZfocusError(
                "expected finite pixels, got NaN or infinity: replace or crop them, or store the "
                "image as integers"
            )
        return small

    def locate(
        self,
        image: npt.ArrayLike,
        *,
        pixel_size_um: float | None = None,
        downsampling: int | None = None,
    ) -> ZPosition:
        """Tell from one image where it was taken, relative to focus.

        Parameters
        ----------
        image, pixel_size_um, downsampling
            As for `on_grid`.

        Returns
        -------
        ZPosition
            The position, and whether it can be relied on. Positive: the objective is nearer to
            the sample than in focus.

        Raises
        ------
        ZfocusError
            As for `on_grid`.
        """
        pixels = self.on_grid(image, pixel_size_um=pixel_size_um, downsampling=downsampling)
        return self.read(self.engine.probabilities(pixels[np.newaxis])[0])

    def locate_stack(
        self,
        planes: Iterable[npt.ArrayLike],
        *,
        pixel_size_um: float | None = None,
        downsampling: int | None = None,
    ) -> tuple[ZPosition, ...]:
        """Locate planes one after the other, each from itself alone.

        Parameters
        ----------
        planes
            A (planes, height, width) array, or any iterable of planes, which is read lazily.
        pixel_size_um, downsampling
            As for `on_grid`.

        Returns
        -------
        tuple of ZPosition
            One a plane, in order.

        Raises
        ------
        ZfocusError
            If one cannot be located.
        """
        return tuple(
            self.locate(plane, pixel_size_um=pixel_size_um, downsampling=downsampling)
            for plane in planes
        )

    def read(self, probabilities: npt.ArrayLike) -> ZPosition:
        """Read a position off probabilities (bins,) of this model."""
        return read_z(probabilities, self.bins_um, self.limits)


def load_z_model(
    name_or_path: str | Path = DEFAULT_Z_MODEL,
    *,
    engine: str = "auto",
    threads: int | None = None,
) -> ZModel:
    """Open a z-position model, to be used for any number of images.

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
    ZModel
        The model.

    Raises
    ------
    ModelError
        If the package is missing, damaged, unsafe or made for something else.
    """
    package = open_package(name_or_path, task=Z_TASK)
    return ZModel(package, open_engine(package, engine, threads=threads))


def limits_of(package: Package) -> ZLimits:
    """Limits that a z-position package carries."""
    status = cast("dict[str, Any]", package.config["status"])
    names = ("certainty_min", "second_mode_max", "sd_max_um")
    return ZLimits(*(float(status[name]) for name in names))
