"""Rate Image in ImageJ, against `zfocus rate` on the same files."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from stand_in_fiji import rows_of


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    from zfocus_model import defocus
    from zfocus_model.camera import photograph
    from zfocus_model.scenes import field

    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("scene") / "scene.tif"
    image = photograph(defocus(field(rng, (260, 341)), level=3), rng=rng)
    tifffile.imwrite(path, np.clip(image, 0, 65535).astype(np.uint16))
    return path


def test_probabilities_status_and_columns_are_those_of_python(imagej, model, scene):
    ran = imagej.run("Rate_Image.py", imagej.open(scene), patchTable=True)
    print(ran.printed)
    assert not ran.error, ran.error
    (row,) = rows_of(ran.outputs["table"])
    expected = model.rate(tifffile.imread(scene))
    for level in range(11):
        assert abs(float(row[f"P{level}"]) - expected.probabilities[level]) < 1e-4
    assert row["Status"] == expected.status
    print(row)
    print(rows_of(ran.outputs["patches"])[0])
