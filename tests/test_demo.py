from __future__ import annotations

import numpy as np
import pytest

from zfocus_model import demo


def _truth(kind: str) -> demo.Truth:
    return next(t for t in demo.plate() if kind in (t.kind, t.note))


def test_the_plate():
    truths = demo.plate()
    assert len(truths) == 24 and len({t.image for t in truths}) == 24
    assert {t.level for t in truths} >= {None, 0, 1, 2, 4, 8}
    table = demo.truth_table(truths).splitlines()
    assert table[0] == "image,well,site,kind,level,note"
    assert table[1] == "demo_A01_s1_w1.tif,A01,1,nuclei,0,"
    assert "demo_B05_s1_w1.tif,B05,1,blank,,no cells" in table


@pytest.mark.parametrize("what", ["nuclei", "blank", "overexposed"])
def test_images_are_seeded_12_bit_counts(what: str):
    truth, shape = _truth(what), (120, 150)
    image, again, other = (
        demo.draw(truth, np.random.default_rng(seed), shape) for seed in (1, 1, 2)
    )
    assert image.shape == shape and image.dtype == np.uint16
    assert (image == again).all() and (image != other).any()
    assert (image.max() == 4095) == (what == "overexposed")
    if what == "blank":  # next to the noise of a camera
        assert image.std() < 20


def test_more_defocus_leaves_less_detail():
    def detail(level: int) -> float:
        truth = demo.Truth("x.tif", "A01", 1, "nuclei", level)
        image = demo.draw(truth, np.random.default_rng(3), (168, 168)).astype(float)
        return float(np.var(image[1:] - image[:-1]) / np.var(image))

    assert detail(0) > detail(3) > detail(8)


def test_images_carry_their_pixel_size(tmp_path):
    import tifffile

    image = np.arange(120, dtype=np.uint16).reshape(10, 12)
    demo.write_image(tmp_path / "folder" / "a.tif", image)
    with tifffile.TiffFile(tmp_path / "folder" / "a.tif") as tif:
        assert (tif.asarray() == image).all()
        number, parts = tif.pages[0].tags["XResolution"].value
        assert 1e4 * parts / number == pytest.approx(0.65)


def test_score():
    truths = [
        demo.Truth("a.tif", "A01", 1, "nuclei", 0),
        demo.Truth("b.tif", "A02", 1, "nuclei", 4),
        demo.Truth("c.tif", "A03", 1, "nuclei", 4),
        demo.Truth("d.tif", "A04", 1, "nuclei", 4),
        demo.Truth("e.tif", "B05", 1, "blank", None),
    ]
    rows = [
        {"image": "x/a.tif", "level": "1", "status": "in_focus"},
        {"image": "x/b.tif", "level": "6", "status": "out_of_focus"},
        {"image": "x/c.tif", "level": "4", "status": "undecided"},
        {"image": "x/e.tif", "level": "4", "status": "undecided"},
    ]
    assert demo.score(truths, rows) == demo.Score(4, 1, 1, 1)
