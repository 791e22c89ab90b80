"""What TIFF files say of their planes: pixel size, objective and channel names."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any, cast

UM_PER_UNIT = {
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "å": 1e-4,
    "pm": 1e-6,
    "inch": 25400.0,
    "in": 25400.0,
}
"""Micrometres in a unit of length, by its name in lower case."""

LARGEST_PIXEL_UM = 20.0
"""Larger "pixel sizes" are the dots per inch of a screen or printer (72, 300, 1200)."""

IMMERSION_INDEX = {"air": 1.0, "water": 1.333, "glycerol": 1.47, "oil": 1.515}
"""Refractive index by OME's names of immersions."""


@dataclass(frozen=True)
class SeriesMetadata:
    """What is known of one image in a file."""

    pixel_size_um: float | None = None
    """Side of a pixel in the sample, in um."""
    numerical_aperture: float | None = None
    """Of the objective."""
    refractive_index: float | None = None
    """Of the immersion."""
    channels: tuple[str, ...] = ()
    """Names of the channels; empty where there is none."""
    z_step_um: float | None = None
    """Distance between neighbouring focal planes, in um."""


def from_ome(xml: str) -> list[SeriesMetadata]:
    """Read OME-XML.

    Parameters
    ----------
    xml
        The text.

    Returns
    -------
    list of SeriesMetadata
        One for each Image element; empty if the text is no XML.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return []
    objectives = {
        element.get("ID", ""): element for element in root.iter() if _tag(element) == "Objective"
    }
    return [_ome_image(image, objectives) for image in root if _tag(image) == "Image"]


def _ome_image(
    image: ElementTree.Element, objectives: dict[str, ElementTree.Element]
) -> SeriesMetadata:
    pixels = next((child for child in image if _tag(child) == "Pixels"), None)
    settings = next((child for child in image if _tag(child) == "ObjectiveSettings"), None)
    if settings is not None:
        objective = objectives.get(settings.get("ID", ""))
    else:
        objective = next(iter(objectives.values())) if len(objectives) == 1 else None
    index = _positive(settings.get("RefractiveIndex")) if settings is not None else None
    aperture = None
    if objective is not None:
        aperture = _positive(objective.get("LensNA"))
        index = index or IMMERSION_INDEX.get(objective.get("Immersion", "").lower())
    if pixels is None:
        return SeriesMetadata(None, aperture, index)
    return SeriesMetadata(
        _ome_size_um(pixels, "X"),
        aperture,
        index,
        tuple(child.get("Name", "") for child in pixels if _tag(child) == "Channel"),
        _ome_size_um(pixels, "Z"),
    )


def _ome_size_um(pixels: ElementTree.Element, axis: str) -> float | None:
    size = _positive(pixels.get(f"PhysicalSize{axis}"))
    factor = UM_PER_UNIT.get(pixels.get(f"PhysicalSize{axis}Unit", "µm").lower())
    return size * factor if size and factor else None


def planes_of_ome(xml: str, file_name: str) -> int:
    """Count the planes (channels of a colour image singly) that OME-XML puts into this file.

    Parameters
    ----------
    xml
        The text.
    file_name
        Name of the file itself.

    Returns
    -------
    int
        0 if the image is spread over several files, or the text is no XML.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return 0
    names = {element.get("FileName") for element in root.iter() if _tag(element) == "UUID"}
    if names - {None, file_name}:
        return 0
    try:
        return sum(
            math.prod(int(element.get(size, "1")) for size in ("SizeT", "SizeC", "SizeZ"))
            for element in root.iter()
            if _tag(element) == "Pixels"
        )
    except ValueError:
        return 0


def from_imagej(metadata: dict[str, Any], tags: Any) -> SeriesMetadata:
    """Read the pixel size and z step of a file that ImageJ wrote: in a unit of its own.

    Parameters
    ----------
    metadata
        ImageJ's own metadata.
    tags
        Tags of the first page.

    Returns
    -------
    SeriesMetadata
        With what has a unit of length.
    """
    per_unit = _ratio(_value(tags, "XResolution"))
    factor = UM_PER_UNIT.get(str(metadata.get("unit", "")).lower())
    if factor is None:
        return SeriesMetadata()
    # ImageJ writes a negative spacing where the stage went down.
    spacing = _number(metadata.get("spacing"))
    step = abs(spacing) * factor if spacing else None
    return SeriesMetadata(factor / per_unit if per_unit else None, z_step_um=step)


def from_lsm(metadata: dict[str, Any]) -> SeriesMetadata:
    """Read the sizes of a voxel in a Zeiss LSM file, which are in metres.

    Parameters
    ----------
    metadata
        As tifffile reads it.

    Returns
    -------
    SeriesMetadata
        With pixel size and z step where they are above 0.
    """
    metres = [_positive(metadata.get(f"VoxelSize{axis}")) for axis in "XZ"]
    x_um, z_um = (None if size is None else size * 1e6 for size in metres)
    return SeriesMetadata(x_um, z_step_um=z_um)


def from_resolution(tags: Any) -> SeriesMetadata:
    """Read the pixel size from a plain TIFF's resolution, where it can be one of a microscope.

    Parameters
    ----------
    tags
        Tags of the first page.

    Returns
    -------
    SeriesMetadata
        With the pixel size, if the unit is known and it is small enough.
    """
    factor = {2: 25400.0, 3: 1e4}.get(int(_value(tags, "ResolutionUnit") or 0))
    per_unit = _ratio(_value(tags, "XResolution"))
    if factor is None or per_unit is None or factor / per_unit > LARGEST_PIXEL_UM:
        return SeriesMetadata()
    return SeriesMetadata(factor / per_unit)


def from_metaseries(metadata: dict[str, Any]) -> SeriesMetadata:
    """Read the metadata of MetaMorph and of ImageXpress microscopes.

    Parameters
    ----------
    metadata
        As tifffile reads it from the description.

    Returns
    -------
    SeriesMetadata
        Pixel size, objective and the name of the illumination setting.
    """
    plane: dict[str, Any] = metadata.get("PlaneInfo", {})
    size = _positive(plane.get("spatial-calibration-x"))
    factor = UM_PER_UNIT.get(str(plane.get("spatial-calibration-units", "")).lower())
    calibrated = bool(plane.get("spatial-calibration-state", True))
    name = plane.get("_IllumSetting_", "")
    return SeriesMetadata(
        size * factor if size and factor and calibrated else None,
        _positive(plane.get("_MagNA_")),
        _positive(plane.get("_MagRI_")),
        (str(name),) if name else (),
    )


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _value(tags: Any, name: str) -> Any:
    tag = tags.get(name)
    return None if tag is None else tag.value


def _ratio(value: Any) -> float | None:
    if isinstance(value, tuple):
        pair = cast("tuple[Any, ...]", value)
        if len(pair) != 2 or not pair[1]:
            return None
        value = pair[0] / pair[1]
    return _positive(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _positive(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None
