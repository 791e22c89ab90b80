"""Write changed planes of an image file: each file appears when it is complete."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.images import Plane, PlaneInfo

    Pairs = Iterator[tuple[Plane, NDArray[Any]]]

_TIFF = (".tif", ".tiff", ".btf", ".tf2", ".tf8")
_BIG_BYTES = 3_900_000_000  # beyond this a TIFF needs 64-bit offsets


def write_planes(folder: Path, name: str, infos: Sequence[PlaneInfo], planes: Pairs) -> Path:
    """Write the planes of one file: as PNG where that holds them, else as OME-TIFF.

    Parameters
    ----------
    folder
        Where to.
    name
        Name of the original, with its subfolders; ".tif" is added if its format is another.
    infos
        Of all planes that will come, sorted.
    planes
        Each plane and its new pixels, in this order; one is in memory at a time.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ZfocusError
        If a plane cannot be read, or its series changes size or type.
    OSError
        If the file cannot be written.
    """
    from zfocus_model._files import whole_file

    first = next(planes)
    suffix = Path(name).suffix.lower()
    as_png = suffix == ".png" and len(infos) == 1 and first[1].dtype.name in ("uint8", "uint16")
    target = folder / (name if as_png or suffix in _TIFF else f"{name}.tif")
    with whole_file(target) as part:
        if as_png:
            _write_png(part, first[1])
        else:
            _write_tiff(part, infos, first, planes)
    return target


def _write_png(path: Path, pixels: NDArray[Any]) -> None:
    import imageio.v3 as iio

    library: Any = iio
    library.imwrite(path, pixels, extension=".png")


def _write_tiff(
    path: Path, infos: Sequence[PlaneInfo], first: tuple[Plane, NDArray[Any]], rest: Pairs
) -> None:
    """Write an image for each series."""
    from tifffile import TiffWriter

    every = itertools.chain([first], rest)
    big = len(infos) * first[1].nbytes > _BIG_BYTES
    with TiffWriter(path, bigtiff=big, ome=True) as writer:
        for series, group in itertools.groupby(every, key=lambda pair: pair[0].series):
            pairs = iter(group)
            plane, pixels = next(pairs)
            here = [info for info in infos if info.series == series]
            lengths = [len({info.index[axis] for info in here}) for axis in (1, 2, 3)]
            metadata: dict[str, Any] = {"axes": "TCZYX"}
            if lengths[0] * lengths[1] * lengths[2] != len(here):  # some planes are missing
                lengths, metadata["axes"] = [len(here)], "ZYX"
            if plane.pixel_size_um:
                for axis in "XY":
                    metadata[f"PhysicalSize{axis}"] = plane.pixel_size_um
                    metadata[f"PhysicalSize{axis}Unit"] = "µm"
            names = [info.channel for info in here if info.t == plane.t and info.z == plane.z]
            if len(lengths) == 3 and any(names):
                metadata["Channel"] = {"Name": names}
            writer.write(
                _alike(pixels, pairs),
                shape=(*lengths, *pixels.shape),
                dtype=pixels.dtype,
                photometric="minisblack",
                metadata=metadata,
            )


def _alike(first: NDArray[Any], rest: Pairs) -> Iterator[NDArray[Any]]:
    """Pixels of the planes of one series, which share size and type."""
    yield first
    for _, pixels in rest:
        if pixels.shape != first.shape or pixels.dtype != first.dtype:
            raise ZfocusError(
                f"expected planes of {first.shape} px and type {first.dtype} as the first, got "
                f"{pixels.shape} and {pixels.dtype}: split the file"
            )
        yield pixels
