"""Which planes, under which names."""

from __future__ import annotations

import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.datasets.bbbc006 import MEMBER, folder_name, parse_planes


def test_planes_are_numbers_and_ranges() -> None:
    assert parse_planes("all") == list(range(34))
    assert parse_planes("16") == [16]
    assert parse_planes(" 3-5,4 , 0") == [0, 3, 4, 5]


@pytest.mark.parametrize("text", ["", "34", "5-3", "-1", "0-34", "a", "1,,2", "1.5"])
def test_what_is_no_plane_is_refused(text: str) -> None:
    with pytest.raises(ZfocusError, match="expected planes from 0 to 33"):
        parse_planes(text)


def test_names_are_those_of_the_publisher() -> None:
    assert folder_name(0) == "BBBC006_v1_images_z_00"
    assert MEMBER.fullmatch(
        "mcf-z-stacks-03212011_p23_s2_w2d36e0477-6528-4f5c-a76a-d76d199e07ca.tif"
    )
    for other in ("mcf-z-stacks-03212011_q23_s2_w2x.tif", "Thumbs.db", "._mcf.tif"):
        assert MEMBER.fullmatch(other) is None
