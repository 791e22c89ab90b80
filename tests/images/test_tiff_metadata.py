from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from zfocus_model.images import PlaneInfo, open_image
from zfocus_model.images.tiff_metadata import from_lsm, from_metaseries, from_ome, planes_of_ome

Pixels = npt.NDArray[Any]

OME = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Instrument ID="Instrument:0"><Objective ID="Objective:0" LensNA="0.75" Immersion="Air"/>
<Objective ID="Objective:1" LensNA="1.2" Immersion="Water"/></Instrument>
<Image ID="Image:0"><ObjectiveSettings ID="Objective:1" {index}/>
<Pixels SizeX="9" SizeY="9" SizeZ="2" SizeC="3" SizeT="4" PhysicalSizeX="{size}" {unit}>
<Channel ID="a" Name="DAPI"/><Channel ID="b"/></Pixels></Image></OME>"""


def info_of(path: Path) -> PlaneInfo:
    with open_image(path) as file:
        return file.infos[0]


@pytest.mark.parametrize(
    ("size", "unit", "um"),
    [
        ("0.65", "", 0.65),
        ("650", 'PhysicalSizeXUnit="nm"', 0.65),
        ("0.00065", 'PhysicalSizeXUnit="mm"', 0.65),
        ("1", 'PhysicalSizeXUnit="pixel"', None),
        ("0", "", None),
        ("nan", "", None),
    ],
)
def test_ome_pixel_size(size: str, unit: str, um: float | None) -> None:
    (found,) = from_ome(OME.format(size=size, unit=unit, index=""))
    assert found.pixel_size_um == (None if um is None else pytest.approx(um))


def test_ome_objective_and_channels() -> None:
    (found,) = from_ome(OME.format(size="1", unit="", index=""))
    assert (found.numerical_aperture, found.refractive_index) == (1.2, 1.333)
    assert found.channels == ("DAPI", "")
    (found,) = from_ome(OME.format(size="1", unit="", index='RefractiveIndex="1.34"'))
    assert found.refractive_index == 1.34


def test_ome_that_is_no_xml_is_nothing() -> None:
    assert from_ome("<OME") == []
    assert planes_of_ome("<OME", "a.tif") == 0


def test_ome_counts_planes_of_this_file_only() -> None:
    text = OME.format(size="1", unit="", index="")
    assert planes_of_ome(text, "a.tif") == 24
    several = text.replace("</Pixels>", '<TiffData><UUID FileName="b.tif"/></TiffData></Pixels>')
    assert planes_of_ome(several, "a.tif") == 0
    assert planes_of_ome(several, "b.tif") == 24


@pytest.mark.parametrize("unit", ["um", "micron", "\\u00B5m"])
def test_imagej_unit(tmp_path: Path, pixels: Pixels, unit: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, imagej=True, resolution=(2.0, 2.0), metadata={"unit": unit})
    assert info_of(path).pixel_size_um == pytest.approx(0.5)


def test_imagej_without_a_unit(tmp_path: Path, pixels: Pixels) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, resolution=(2.0, 2.0))
    assert info_of(tmp_path / "a.tif").pixel_size_um is None


def _resolution(per_unit: float, unit: int) -> dict[str, Any]:
    resolution: tuple[Any, ...] = (per_unit, per_unit)
    if tifffile.__version__ < "2022.7":  # the unit was an item of the resolution
        return {"resolution": (*resolution, unit)}
    return {"resolution": resolution, "resolutionunit": unit}


@pytest.mark.parametrize(
    ("per_unit", "unit", "um"),
    [(1e4 / 0.65, 3, 0.65), (25400 / 0.5, 2, 0.5), (72, 2, None), (300, 2, None), (5, 1, None)],
)
def test_plain_resolution(
    tmp_path: Path, pixels: Pixels, per_unit: float, unit: int, um: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, pixels, photometric="minisblack", metadata=None, **_resolution(per_unit, unit)
    )
    found = info_of(path).pixel_size_um
    assert found == (None if um is None else pytest.approx(um, rel=1e-3))


def test_metaseries() -> None:
    plane = {
        "spatial-calibration-state": True,
        "spatial-calibration-x": 0.645,
        "spatial-calibration-units": "um",
        "_MagNA_": 0.45,
        "_MagRI_": 1.0,
        "_IllumSetting_": "DAPI",
    }
    found = from_metaseries({"PlaneInfo": plane})
    assert found.pixel_size_um == 0.645
    assert (found.numerical_aperture, found.refractive_index) == (0.45, 1.0)
    assert found.channels == ("DAPI",)
    plane["spatial-calibration-state"] = False
    assert from_metaseries({"PlaneInfo": plane}).pixel_size_um is None
    assert from_metaseries({}).pixel_size_um is None


def test_damaged_metadata_do_not_stop_a_file(tmp_path: Path) -> None:
    pixels = np.arange(96 * 130, dtype=np.uint16).reshape(96, 130)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", pixels, photometric="minisblack", description="<OME", metadata=None
    )
    with open_image(tmp_path / "a.ome.tif") as file:
        np.testing.assert_array_equal(file.read(0).pixels, pixels)


@pytest.mark.parametrize(
    ("z", "um"),
    [
        ('PhysicalSizeZ="1.5"', 1.5),
        ('PhysicalSizeZ="300" PhysicalSizeZUnit="nm"', 0.3),
        ('PhysicalSizeZ="1" PhysicalSizeZUnit="reference frame"', None),
        ('PhysicalSizeZ="0"', None),
        ("", None),
    ],
)
def test_ome_z_step(z: str, um: float | None) -> None:
    (found,) = from_ome(OME.format(size="1", unit=z, index=""))
    assert found.z_step_um == (None if um is None else pytest.approx(um))


@pytest.mark.parametrize(
    ("metadata", "um"),
    [
        ({"spacing": 2.0, "unit": "um"}, 2.0),
        ({"spacing": -500, "unit": "nm"}, 0.5),
        ({"spacing": 2.0}, None),
        ({"spacing": 0, "unit": "um"}, None),
        ({"unit": "um"}, None),
    ],
)
def test_imagej_z_step(tmp_path: Path, metadata: dict[str, Any], um: float | None) -> None:
    stack = np.zeros((3, 8, 8), np.uint8)
    metadata = {"axes": "ZYX", **metadata}
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata=metadata)
    info = info_of(tmp_path / "a.tif")
    assert info.z_step_um == (None if um is None else pytest.approx(um))


def test_lsm_is_in_metres() -> None:
    found = from_lsm({"VoxelSizeX": 1e-7, "VoxelSizeZ": 5e-7})
    assert found.pixel_size_um == pytest.approx(0.1)
    assert found.z_step_um == pytest.approx(0.5)
    assert from_lsm({"VoxelSizeX": 0.0}) == from_lsm({})
