"""What docs/stacks.md says of best-plane and annotate is so."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "zposition"))

from stand_ins import phase_stack

from zfocus_model import packages
from zfocus_model._errors import ModelError
from zfocus_model.cli import main
from zfocus_model.optics import defocus
from zfocus_model.zposition import best_plane as best_module
from zfocus_model.zposition.best_plane import MESSAGES
from zfocus_model.zposition.best_tables import PLANE_COLUMNS, STACK_COLUMNS
from zfocus_model.zposition.labels import COLUMNS

PAGE = (Path(__file__).parents[1] / "docs" / "stacks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("### best_planes.csv", STACK_COLUMNS),
        ("### planes.csv", PLANE_COLUMNS),
        ("### The label table", COLUMNS),
    ],
)
def test_every_column_is_explained_in_its_place(heading, columns):
    section = re.split(r"\n###? ", PAGE.split(heading, 1)[1])[0]
    cells = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    assert tuple(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == columns


def test_every_reason_is_named():
    for reason in ("no_focus", "no_order", "no_model", "uncertain"):
        assert reason in MESSAGES and f"`{reason}`" in PAGE


def spots(rng):
    field = np.zeros((84, 168))
    for y, x in rng.integers(8, 76, (14, 2)):
        field[y : y + 4, 2 * x : 2 * x + 4] = 1000
    for level in (7, 3, 0, 3, 7):
        yield (rng.poisson(np.clip(defocus(field, level=level), 0, None) + 100)).astype(np.uint16)


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    """The files that the page's commands name."""
    monkeypatch.chdir(tmp_path)
    sizes = {"axes": "ZYX", "PhysicalSizeZ": 1.0, "PhysicalSizeX": 0.24}
    tifffile.imwrite("position3.ome.tif", np.stack(list(spots(rng))), ome=True, metadata=sizes)
    for name, focus in (("day1/a", 4.0), ("day2/b", 6.0)):
        Path(name).parent.mkdir()
        pixels = np.stack(list(phase_stack(np.arange(11) - focus))).astype(np.uint16)
        tifffile.imwrite(f"{name}.ome.tif", pixels, ome=True, metadata=sizes)
    Path("planes").mkdir()
    for z, pixels in enumerate(phase_stack(np.arange(9) - 3.0)):
        Image.fromarray(pixels.astype(np.uint16)).save(f"planes/z{z}.png")
    Path("given.csv").write_text("stack,in_focus_plane\nplanes,3.5\n")
    return tmp_path


def no_model():
    raise ModelError("none")


def test_the_commands_run(folder, capsys, monkeypatch):
    # Which z models are installed here, the page does not know.
    monkeypatch.setattr(best_module, "_default_z_model", no_model)
    monkeypatch.setattr(packages, "installed_models", dict)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) == 8
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[0] == "zfocus"
        if words[1] == "best-plane" and "position3.ome.tif" not in words:
            # The waves of the test may be anything to the fluorescence model.
            words += ["--modality", "transmitted"]
        assert main(words[1:]) == 0, (line, capsys.readouterr().err)
    rows = {
        row.split(",")[0]: row.split(",") for row in Path("labels.csv").read_text().splitlines()
    }
    assert {*rows} == {"stack", "day1/a.ome.tif", "day2/b.ome.tif", "planes"}
    assert float(rows["day1/a.ome.tif"][3]) == pytest.approx(4, abs=0.3)
    assert (rows["day2/b.ome.tif"][3], rows["planes"][3], rows["planes"][1]) == (
        "6",
        "3.5",
        "day3",
    )
    assert {path.name for path in Path("check").iterdir()} == {"day1_a.png", "day2_b.png"}


def test_the_example_runs(folder):
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert names["best"].index == 2
