"""``zfocus rate --model Z``: positions.csv, errors, exit codes, going on."""

import csv
import json

import numpy as np
import pytest
from tiny_package import random_network, random_z_network, write_package, write_z_package

from zfocus_model.cli import main
from zfocus_model.zposition.model import load_z_model

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("imageio")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    network, arrays = random_z_network(np.random.default_rng(7))
    folder = tmp_path_factory.mktemp("zoo") / "tiny-z"
    return str(write_z_package(folder, network, arrays, with_onnx=False))


@pytest.fixture
def stack(tmp_path, rng):
    """An OME-TIFF of three planes, 0.12 um/px; the last one is constant."""
    planes = rng.poisson(100, (3, 150, 160)).astype(np.uint8)
    planes[2] = 7
    path = tmp_path / "in" / "stack.ome.tif"
    path.parent.mkdir()
    size = {"PhysicalSizeX": 0.12, "PhysicalSizeY": 0.12}
    units = dict.fromkeys(("PhysicalSizeXUnit", "PhysicalSizeYUnit"), "\N{MICRO SIGN}m")
    tifffile.imwrite(path, planes, ome=True, metadata={"axes": "ZYX", **size, **units})
    return path, planes


def table(folder, name="positions.csv"):
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_positions(stack, model, tmp_path, capsys):
    path, planes = stack
    out = tmp_path / "out"
    assert main(["rate", str(path), "--model", model, "-o", str(out), "--quiet"]) == 0
    rows = table(out)
    assert (
        list(rows[0])
        == (
            "image series t c z z_um z_expected_um z_sd_um mode2_um status model "
            "reason certainty pixel_size_um package_sha256"
        ).split()
    )
    assert [row["z"] for row in rows] == ["0", "1", "2"]
    opened = load_z_model(model, engine="numpy")
    found = opened.locate(planes[1], downsampling=2)
    assert float(rows[1]["z_um"]) == found.z_um
    assert float(rows[1]["z_expected_um"]) == pytest.approx(found.z_expected_um, rel=1e-4)
    assert (rows[1]["model"], rows[1]["package_sha256"]) == ("tiny-z", opened.package_sha256)
    assert float(rows[1]["pixel_size_um"]) == 0.12
    assert (rows[2]["z_um"], rows[2]["status"], rows[2]["reason"]) == ("", "undecided", "blank")
    assert table(out, "errors.csv") == []
    assert capsys.readouterr() == ("", "")


def test_json_and_the_table_on_standard_output(stack, model, capsys):
    path, _ = stack
    assert main(["rate", str(path), "--model", model, "--json", "--quiet"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["schema"], one["z"]) for one in objects] == [(1, 0), (1, 1), (1, 2)]
    assert objects[2]["z_um"] is None
    assert main(["rate", str(path), "--model", model]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("image\tplane\tstatus\tz_um")
    assert "3 planes located" in err


def test_bad_inputs_cost_one_line_each_and_the_rest_is_located(stack, model, tmp_path, capsys):
    path, _ = stack
    unknown = np.zeros((4, 150, 160), np.uint8)
    tifffile.imwrite(path.parent / "unknown.tif", unknown, photometric="minisblack")
    tifffile.imwrite(path.parent / "small.tif", np.zeros((70, 200), np.uint8))
    (path.parent / "broken.tif").write_bytes(b"II*\0")
    out = tmp_path / "out"
    assert main(["rate", str(path.parent), "--model", model, "-o", str(out), "--quiet"]) == 1
    assert len(table(out)) == 3
    errors = {row["input"]: row["error"] for row in table(out, "errors.csv")}
    assert set(errors) == {"unknown.tif", "small.tif", "broken.tif"}
    assert "--pixel-size" in errors["unknown.tif"]
    assert len(capsys.readouterr().err.splitlines()) == 3
    command = ["rate", str(path.parent), "--model", model, "--downsampling", "2", "-o", str(out)]
    assert main(command) == 1
    errors = {row["input"]: row["error"] for row in table(out, "errors.csv")}
    assert "at least 128 x 128 px" in errors["small.tif"]
    assert len(table(out)) == 3 + 4


def test_an_interrupted_run_goes_on(stack, model, tmp_path, monkeypatch):
    from zfocus_model.zposition.model import ZModel

    path, _ = stack
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["rate", str(path), "--model", model, "-o", str(whole)]) == 0
    real, calls = ZModel.locate, []

    def stopping(self, *given, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *given, **options)

    monkeypatch.setattr(ZModel, "locate", stopping)
    command = ["rate", str(path), "--model", model, "-o", str(parts)]
    assert main(command) == 130
    assert not (parts / "positions.csv").exists()
    assert main(command) == 0
    assert len(calls) == 2 + 2  # the first plane was not located again
    assert (parts / "positions.csv").read_bytes() == (whole / "positions.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--montage"], "focus levels"),
        (["--report"], "focus levels"),
    ],
)
def test_what_only_levels_have(stack, model, capsys, options, words):
    assert main(["rate", str(stack[0]), "--model", model, *options]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1


def test_a_model_for_levels_takes_no_pixel_size(stack, tmp_path, capsys):
    network, arrays = random_network(np.random.default_rng(0))
    focus = write_package(tmp_path / "focus", network, arrays, with_onnx=False)
    assert main(["rate", str(stack[0]), "--model", str(focus), "--downsampling", "2"]) == 2
    assert "z-position model" in capsys.readouterr().err
