"""Models in ImageJ: a domain network, names beyond ASCII, stopping, one session for all."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from awkward import scene
from stand_in_fiji import MODEL, rows_of
from tiny_package import constant_network, random_domain_network, random_network, write_package

from zfocus_model import load_model


@pytest.fixture
def image_file(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", scene((180, 260)))
    return tmp_path / "a.tif"


def test_a_domain_network_gives_the_score_and_reason_of_python(imagej, image_file, tmp_path):
    rng = np.random.default_rng(11)
    focus, domain = random_network(rng), random_domain_network(rng)
    pixels = tifffile.imread(image_file)
    first = write_package(tmp_path / "first", *focus, domain=domain, out_of_domain_max=1.0)
    score = load_model(first).rate(pixels).out_of_domain
    assert 0 < score < 1
    reasons = set()
    for number, limit in enumerate((0.5, 1.0)):
        folder = write_package(
            tmp_path / f"m{number}", *focus, domain=domain, out_of_domain_max=limit
        )
        wanted = load_model(folder).rate(pixels)
        ran = imagej.run("Rate_Image.py", imagej.open(image_file), model=folder)
        assert not ran.error, ran.error
        row = rows_of(ran.outputs["table"])[-1]
        assert float(row["OutOfDomain"]) == pytest.approx(score, abs=1e-4)
        assert (row["Status"], row["Reason"]) == (wanted.status, wanted.reason)
        reasons.add(row["Reason"])
    assert ("out_of_domain" in reasons) == (score > 0.5)


@pytest.mark.parametrize("step", [-2e-4, 2e-4])
def test_status_on_either_side_of_the_limits(imagej, image_file, tmp_path, step):
    """Statuses agree where the margin is 2e-4; the package's limits are 0.5 and 0.2."""
    in_focus = np.full(11, (0.5 - step) / 8)
    in_focus[:3] = (0.5 + step) / 3
    in_focus[0] += in_focus[1] + in_focus[2] - 2e-4
    in_focus[1:3] = 1e-4
    folder = write_package(tmp_path / "limit", *constant_network(in_focus))
    wanted = load_model(folder).rate(tifffile.imread(image_file))
    ran = imagej.run("Rate_Image.py", imagej.open(image_file), model=folder)
    row = rows_of(ran.outputs["table"])[-1]
    assert row["Status"] == wanted.status == ("in_focus" if step > 0 else "out_of_focus")


def test_names_beyond_ascii(imagej, tmp_path):
    folder = tmp_path / "Mod\u00e8le \u00b5 \u65e5\u672c"
    shutil.copytree(MODEL, folder)
    path = folder / "Zelle 1 \u00b5m.tif"
    tifffile.imwrite(path, scene((90, 90)))
    ran = imagej.run("Rate_Image.py", imagej.open(path), model=folder, csv=folder / "\u00fc.csv")
    assert not ran.error, ran.error
    assert rows_of(ran.outputs["table"])[-1]["Image"] == path.name
    assert path.name in (folder / "\u00fc.csv").read_text(encoding="utf-8")
    (folder / "model.onnx").unlink()
    ran = imagej.run("Rate_Image.py", imagej.open(path), model=folder)
    assert "expected model.onnx in the model package" in ran.message


def test_escape_stops(imagej):
    said = imagej.python(
        """
from ij import IJ
from java.awt.event import KeyEvent
from zfocus_fiji import scripts, words
items = scripts.watched(iter("abc"), 3)
said = [next(items)]
IJ.setKeyDown(KeyEvent.VK_ESCAPE)
try:
    next(items)
except words.ZfocusError as error:
    said.append(str(error))
result = "; ".join(said)
"""
    )
    assert said == "a; stopped after 1 of 3 planes"


def test_a_batch_of_runs_uses_one_session(imagej, image_file, tmp_path):
    """Each run of a script has modules of its own; only ImageJ remembers."""

    def session(folder=""):
        code = (
            "from zfocus_fiji import model\nresult = model.open_model({!r}).engine._focus.session"
        )
        return imagej.python(code.format(folder))

    before = session()
    assert not imagej.run("Rate_Image.py", imagej.open(image_file)).error
    assert session().equals(before)
    rng = np.random.default_rng(3)
    other = write_package(tmp_path / "other", *random_network(rng))
    assert not session(str(other)).equals(before)
    assert session().equals(before)


def test_an_error_stops_the_macro_that_called_the_script(imagej, tmp_path):
    from jpype import JClass, JProxy
    from macros import install_commands

    install_commands(imagej)
    messages = []
    JClass("MenuCommand").runner = JProxy(
        "java.util.function.BiConsumer",
        {"accept": lambda script, _: messages.append(imagej.run(str(script)).message)},
    )
    after = tmp_path / "after"
    imagej.IJ.runMacro(f'run("Rate Image"); File.saveString("x", "{after}");')
    assert "expected an open image" in messages[0]
    assert not after.exists()
    imagej.IJ.runMacro(f'File.saveString("x", "{after}");')
    assert after.exists()
