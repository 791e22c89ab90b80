"""Test tensors, sample image and cover of a package: simulated, so no pixel is anybody else's."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model import camera, optics, scenes, tiling
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.rating import StatusLimits, rate_patches

_SEED = 20181
_KINDS = ("nuclei", "cytoplasm", "filaments", "spots")
_TEST_LEVEL = 3
_COVER_ROWS, _COVER_COLUMNS, _COVER_ZOOM = 3, 6, 2
COVER_MAX_BYTES = 500_000
"""Largest cover that the zoo takes."""

Predict = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Patches (n, 84, 84) -> probabilities (n, 11)."""


def _photo(kind: Any, level: int, shape: tuple[int, int], seed: int) -> npt.NDArray[np.uint16]:
    rng = np.random.default_rng([_SEED, seed])
    sharp = scenes.field(rng, shape, kind)
    return camera.photograph(optics.defocus(sharp, level=level), rng=rng).astype(np.uint16)


def check_patches(count: int = 100) -> npt.NDArray[np.float32]:
    """Patches that all weight formats are compared on, every kind of field at every level.

    Parameters
    ----------
    count : int
        Number of simulated patches.

    Returns
    -------
    ndarray of float32
        (count + 2, 84, 84), counts as stored; the last two are constant (zero, and not).
    """
    found: list[npt.NDArray[np.float32]] = []
    for seed in range(-(-count // 4)):
        field = _photo(_KINDS[seed % 4], seed % LEVELS, (2 * PATCH_PX, 2 * PATCH_PX), seed)
        found.extend(tiling.tiles(field).reshape(-1, PATCH_PX, PATCH_PX).astype(np.float32))
    constant = [np.full((PATCH_PX, PATCH_PX), value, np.float32) for value in (0.0, 137.0)]
    return np.stack([*found[:count], *constant])


def test_patch() -> npt.NDArray[np.uint16]:
    """The package's test input, (84, 84) uint16: simulated nuclei at level 3."""
    field = _photo("nuclei", _TEST_LEVEL, (2 * PATCH_PX, 2 * PATCH_PX), 1000)
    tiles = tiling.tiles(field).reshape(-1, PATCH_PX, PATCH_PX)
    # The one that shows most: a patch of background would test little.
    return tiles[int(np.argmax(tiles.std(axis=(1, 2))))]


def test_plane() -> npt.NDArray[np.uint16]:
    """The test input of a map, (168, 252) uint16: nuclei, sharp on the left."""
    shape = (2 * PATCH_PX, 3 * PATCH_PX)
    rng = np.random.default_rng([_SEED, 3000])
    sharp = scenes.field(rng, shape, "nuclei", density=0.35)
    blurred = np.concatenate(
        [
            optics.defocus(sharp, level=level)[:, column * PATCH_PX : (column + 1) * PATCH_PX]
            for column, level in enumerate((0, 3, 8))
        ],
        axis=1,
    )
    return camera.photograph(blurred, rng=rng).astype(np.uint16)


def tiff_bytes(plane: npt.NDArray[Any]) -> bytes:
    """A plain grey TIFF, without the date that writers like to add."""
    import tifffile

    stream = io.BytesIO()
    tifffile.imwrite(stream, plane, photometric="minisblack", metadata=None, software=False)
    return stream.getvalue()


def npy_bytes(array: npt.NDArray[np.float32]) -> bytes:
    """An ``.npy`` file, little-endian float32."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array.astype("<f4"), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def cover_bytes(predict: Predict, limits: StatusLimits) -> bytes:
    """The cover, PNG, twice as wide as high: a simulated field, sharp on the left, rated.

    Parameters
    ----------
    predict : callable
        Patches (n, 84, 84) float32 -> probabilities (n, 11).
    limits : StatusLimits
        The package's limits.

    Returns
    -------
    bytes
        PNG with the patches' borders in the colours of the montage; at most 500 kB.
    """
    from PIL import Image, ImageDraw

    from zfocus_model.report.drawing import encode, stretch
    from zfocus_model.report.montage import draw_patches

    shape = (_COVER_ROWS * PATCH_PX, _COVER_COLUMNS * PATCH_PX)
    rng = np.random.default_rng([_SEED, 2000])
    sharp = scenes.field(rng, shape, "nuclei", density=0.35)
    # One sharp field, each column of patches further out of focus.
    blurred = np.empty(shape)
    for column in range(_COVER_COLUMNS):
        part = slice(column * PATCH_PX, (column + 1) * PATCH_PX)
        level = column * (LEVELS - 1) / (_COVER_COLUMNS - 1)
        blurred[:, part] = optics.defocus(sharp, level=level)[:, part]
    plane = camera.photograph(blurred, rng=rng).astype(np.uint16)
    tiles = tiling.tiles(plane)
    found = predict(tiles.reshape(-1, PATCH_PX, PATCH_PX).astype(np.float32))
    rating = rate_patches(found.reshape(*tiles.shape[:2], LEVELS), limits)
    content = b""
    for zoom in range(_COVER_ZOOM, 0, -1):
        grey = np.kron(stretch(plane), np.ones((zoom, zoom), np.uint8))
        picture = Image.fromarray(grey).convert("RGB")
        draw_patches(ImageDraw.Draw(picture), rating, zoom, 0, *shape)
        content = encode(picture, "PNG", optimize=True)
        if len(content) <= COVER_MAX_BYTES:
            break
    return content
