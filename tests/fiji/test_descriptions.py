from __future__ import annotations

import pytest
from zfocus_fiji.descriptions import read_description

OME = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Instrument ID="I"><Objective ID="O:1" LensNA="0.75" Immersion="Water"/></Instrument>
<Image ID="Image:0"><ObjectiveSettings ID="O:1"/><Pixels DimensionOrder="{order}" SizeX="9"
 SizeY="9" SizeC="2" SizeZ="3" SizeT="1" PhysicalSizeX="325" PhysicalSizeXUnit="nm">
<Channel ID="C:0" Name="DAPI"/><Channel ID="C:1" Name="A &amp; &#x42;"/>{data}</Pixels></Image>
</OME>
"""


@pytest.mark.parametrize(
    ("order", "third"),
    [("XYZCT", (0, 0, 2)), ("XYCZT", (0, 0, 1)), ("XYTZC", (0, 0, 2))],
)
def test_planes_follow_the_declared_order(order, third):
    about = read_description(OME.format(order=order, data="<TiffData/>"), "a.ome.tif", 6)
    assert about.problem == ""
    assert len(set(about.places.values())) == 6
    assert about.places[0] == (0, 0, 0)
    assert about.places[2] == third


def test_what_the_file_says_of_its_planes():
    about = read_description(OME.format(order="XYZCT", data=""), "a.ome.tif", 6)
    assert about.channels == ("DAPI", "A & B")
    assert about.pixel_size_um == pytest.approx(0.325)
    assert (about.numerical_aperture, about.refractive_index) == (0.75, 1.333)


def test_a_file_of_a_set_has_its_own_planes():
    data = "".join(
        f'<TiffData FirstC="{c}" FirstZ="0" IFD="0" PlaneCount="3">'
        f'<UUID FileName="{name}">urn:{c}</UUID></TiffData>'
        for c, name in enumerate(("a.ome.tif", "b.ome.tif"))
    )
    about = read_description(OME.format(order="XYZCT", data=data), "B.ome.tif", 3)
    assert about.places == {0: (0, 1, 0), 1: (0, 1, 1), 2: (0, 1, 2)}


def test_what_cannot_be_told_apart_is_said():
    whole = OME.format(order="XYZCT", data="")
    assert "describes 6 planes and holds 5 pages" in read_description(whole, "a.tif", 5).problem
    image = whole[whole.index("<Image") : whole.index("</OME>")]
    assert "2 images" in read_description(whole.replace(image, 2 * image), "a.tif", 6).problem


def test_metamorph():
    text = """<MetaData><PlaneInfo><prop id="spatial-calibration-state" type="bool" value="on"/>
    <prop id="spatial-calibration-x" type="float" value="0.65"/>
    <prop id="spatial-calibration-units" type="string" value="um"/>
    <prop id="_MagNA_" type="float" value="0.5"/><prop id="_MagRI_" type="float" value="1"/>
    <prop id="_IllumSetting_" type="string" value="FITC"/></PlaneInfo></MetaData>"""
    about = read_description(text, "a.tif", 1)
    assert (about.pixel_size_um, about.numerical_aperture, about.refractive_index) == (0.65, 0.5, 1)
    assert about.channels == ("FITC",)
    off = read_description(text.replace('"on"', '"off"'), "a.tif", 1)
    assert off.pixel_size_um is None


@pytest.mark.parametrize("text", [None, "", "ImageJ=1.54p\nimages=3", '{"shape": [3, 4]}'])
def test_other_texts_say_nothing(text):
    assert read_description(text, "a.tif", 3) is None


def test_a_micro_sign_in_another_coding():
    text = OME.format(order="XYZCT", data="").replace('Unit="nm"', 'Unit="\u00c2\u00b5m"')
    assert read_description(text, "a.tif", 6).pixel_size_um == 325
