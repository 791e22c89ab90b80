"""What no script foresees still reaches the user as one line."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile


@pytest.fixture
def small(imagej, tmp_path, rng):
    tifffile.imwrite(tmp_path / "small.tif", rng.integers(0, 4000, (90, 90)).astype(np.uint16))
    return imagej.open(tmp_path / "small.tif")


def test_a_table_that_cannot_be_written(imagej, small, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("")
    ran = imagej.run("Rate_Image.py", small, csv=tmp_path / "taken")
    assert "zfocus: expected files and folders that can be read and written" in ran.message


def test_with_windows_a_dialog_tells_and_the_log_has_the_rest(imagej):
    said = imagej.python(
        """
from zfocus_fiji import scripts

class Window(object):
    told, logged = [], []
    def error(self, title, text): self.told.append(text)
    def log(self, text): self.logged.append(text)
    def showProgress(self, share): pass

def work():
    return {}["nothing"]

def java_work():
    from java.util import ArrayList
    return ArrayList().get(3)

before = scripts.IJ, scripts.headless
scripts.IJ, scripts.headless = Window(), lambda: False
try:
    results = [scripts.guarded(work), scripts.guarded(java_work)]
finally:
    scripts.IJ, scripts.headless = before
result = "|".join(Window.told + Window.logged + [str(results)])
"""
    )
    told, java_told, logged, java_logged, results = str(said).split("|")
    assert told.startswith("something unforeseen went wrong")
    assert "Traceback" in logged
    assert "IndexOutOfBounds" in java_told
    assert "IndexOutOfBounds" in java_logged
    assert results == "[None, None]"
