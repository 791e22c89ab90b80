from __future__ import annotations

from zfocus_model.images.ome_set import planes_in_file

SET = """<OME xmlns="http://x" {uuid}><Image><Pixels DimensionOrder="XYCZT" SizeC="2" SizeZ="3"
SizeT="2"><TiffData FirstT="0" IFD="0" PlaneCount="6"><UUID FileName="a.tif">u:a</UUID></TiffData>
<TiffData FirstT="1" IFD="1" PlaneCount="2"><UUID FileName="b.tif">u:b</UUID></TiffData>
<TiffData FirstT="1" FirstZ="1" FirstC="1" IFD="3"><UUID FileName="b.tif">u:b</UUID></TiffData>
</Pixels></Image></OME>"""


def test_pages_of_each_file_by_name_or_identity() -> None:
    b = {1: (0, 1, 0, 0), 2: (0, 1, 1, 0), 3: (0, 1, 1, 1)}
    assert planes_in_file(SET.format(uuid=""), "B.tif") == b
    assert planes_in_file(SET.format(uuid='UUID="u:b"'), "renamed.tif") == b


def test_dimension_order_counts() -> None:
    found = planes_in_file(SET.format(uuid=""), "a.tif")
    # (series, t, c, z): channels run fastest, then z
    assert [found[page] for page in range(6)] == [
        (0, 0, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
        (0, 0, 1, 1),
        (0, 0, 0, 2),
        (0, 0, 1, 2),
    ]


def test_one_file_or_no_xml_is_no_set() -> None:
    assert planes_in_file(SET.replace("b.tif", "a.tif").format(uuid=""), "a.tif") == {}
    assert planes_in_file("<OME", "a.tif") == {}
