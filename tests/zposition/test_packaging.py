"""The package of an untrained z network: formats, words, pictures, refusals."""

import io
import json
import shutil

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import main
from zfocus_model.zposition.packaging import card, pictures, samples
from zfocus_model.zposition.packaging.run_folder import read_z_run
from zfocus_model.zposition.reading import ZLimits

BINS = [float(z) for z in range(-20, 21)]
RUN = {
    "task": "z-position",
    "network": "small",
    "command": "zfocus train --task z-position stacks -o run",
    "bins_um": BINS,
    "pixel_size_um": 0.24,
    "options": {"epochs": 3},
    "data": [
        {
            "part": "train",
            "stacks": 3,
            "images": 93,
            "experiments": {"one": 3},
            "methods": {"simulated": 3},
        }
    ],
    "domain": {"objective": "60x oil", "modality": "bright field", "cells": "yeast"},
}
LIMITS = {"certainty_min": 0.1, "second_mode_max": 0.2, "sd_max_um": 4.0}


def describe_run(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps({**RUN, **changes}))
    (folder / "calibration.json").write_text(json.dumps({"temperature": 1.5, "limits": LIMITS}))
    return folder


def weights_of(folder, kind="small", bins=41, side_px=None):
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    from zfocus_model.zposition.training.networks import build_z_network

    keras.utils.set_random_seed(3)
    model = build_z_network(kind, bins, side_px=side_px)
    rng = np.random.default_rng(0)
    for layer in model.get_layer("backbone").layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([w * rng.uniform(0.5, 2, w.shape) + 0.1 for w in layer.get_weights()])
    model.save(folder / "best.keras")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return weights_of(describe_run(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def package(run, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("bioimageio.spec")
    folder = tmp_path_factory.mktemp("zoo") / "z-test"
    assert main(["export", str(run), "-o", str(folder), "--cells", "baker's yeast"]) == 0
    return folder


def test_the_package_opens_and_is_small(package):
    from zfocus_model.zposition.model import load_z_model

    opened = load_z_model(package)
    assert opened.limits == ZLimits(0.1, 0.2, 4.0)
    assert opened.package.config["card"] == {**RUN["domain"], "cells": "baker's yeast"}
    assert {"model.keras", "model.onnx", "rdf.yaml", "rdf_fiji.yaml", "hard_cases.png"} < set(
        opened.package.files
    )
    assert sum(path.stat().st_size for path in package.iterdir()) < 4_000_000


def test_the_same_run_gives_the_same_bytes(run, package, tmp_path):
    from zfocus_model.training.packaging.archives import folder_sums
    from zfocus_model.zposition.packaging.export import export_z_run

    other = tmp_path / "z-test"
    shutil.copytree(package, other)
    (other / "left_behind.txt").write_text("from an older version")
    made = export_z_run(run, other, made_for={"cells": "baker's yeast"})
    assert folder_sums(other) == folder_sums(package)
    assert max(made.differences.values()) <= 1e-5


def test_the_zoo_finds_nothing_wrong(package):
    from zfocus_model.zoo.check import check_package

    checks = {check.name: check for check in check_package(package, bioimageio=False)}
    assert {name for name, check in checks.items() if not check.passed} == set()
    assert "tensorflow" in checks["parity"].detail


def test_onnx_takes_any_size(package):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(package / "model.onnx"))
    assert [found.version for found in model.opset_import] == [15]
    sizes = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert sizes == ["batch", "y", "x", 1]


def test_the_test_tensors_are_the_models(package):
    from zfocus_model.zposition.model import load_z_model

    pixels, expected = (np.load(package / f"test_{name}.npy") for name in ("input", "output"))
    assert pixels.shape == (1, *samples.TEST_SHAPE, 1)
    found = load_z_model(package, engine="numpy").engine.probabilities(pixels[..., 0])
    assert np.abs(found - expected).max() < 1e-5


def test_the_description_says_pixels_and_bins(package):
    yaml = pytest.importorskip("ruyaml").YAML(typ="safe", pure=True)
    found = yaml.load((package / "rdf.yaml").read_text(encoding="utf-8"))
    y = next(axis for axis in found["inputs"][0]["axes"] if axis.get("id") == "y")
    assert y["size"] == {"min": 64, "step": 1}
    assert (y["scale"], y["unit"]) == (0.24, "micrometer")
    assert len(found["outputs"][0]["axes"][1]["channel_names"]) == 41
    assert found["config"]["zfocus"]["bins_um"] == BINS


def words_of(folder):
    run = read_z_run(folder)
    return card.readme(
        run,
        name="z",
        title="z",
        version="1",
        parameters=5,
        smallest_px=64,
        hard_cases=[("two depths", "+3.0", "+3", "-6", "2.0", "undecided (bimodal)")],
    )


def test_the_card_is_honest(tmp_path):
    (tmp_path / "best.keras").write_bytes(_empty_keras())
    text = words_of(describe_run(tmp_path))
    assert "All training images were simulated" in text
    assert "None yet" in text
    assert "| objective | 60x oil |" in text
    assert "undecided (bimodal)" in text
    assert "simulated by zfocus: BSD-3-Clause" in card.licence_note(read_z_run(tmp_path))
    real = [{**RUN["data"][0], "methods": {"given": 3}}]
    (tmp_path / "evaluation.json").write_text(json.dumps({"own stacks": {"within 1 um, %": 71.5}}))
    text = words_of(describe_run(tmp_path, data=real, domain=None))
    assert "simulated by" not in text.split("# Files")[0]
    assert "All training images were simulated" not in text
    assert "| own stacks: within 1 um, % | 71.5 |" in text
    assert "| objective | not stated |" in text


def test_a_card_tells_nobodys_folders(tmp_path):
    (tmp_path / "best.keras").write_bytes(_empty_keras())
    command = "zfocus train --stacks /home/me/secret/yeast/labels.csv --about 'objective=60x/1.3'"
    about = {"stacks": "zfocus simulate yeast", "objective": "60x/1.3"}
    found = read_z_run(describe_run(tmp_path, command=command, domain=about))
    assert found.about["command"] == (
        "zfocus train --stacks yeast/labels.csv --about 'objective=60x/1.3'"
    )
    assert found.domain == {**about, "modality": "not stated", "cells": "not stated"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "focus-level"}, "z-position"),
        ({"network": "published"}, "any size"),
        ({"bins_um": [0, 1]}, "bins"),
        ({"pixel_size_um": None}, "pixel_size_um"),
    ],
)
def test_runs_that_cannot_be_exported(tmp_path, changes, words):
    (tmp_path / "best.keras").write_bytes(_empty_keras())
    with pytest.raises(ZfocusError, match=words):
        read_z_run(describe_run(tmp_path, **changes))


def test_an_unfinished_run_is_one_line(tmp_path, capsys):
    describe_run(tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "-o", str(tmp_path / "z")]) == 2
    err = capsys.readouterr().err
    assert "best.keras" in err
    assert len(err.splitlines()) == 1
    (tmp_path / "run" / "best.keras").write_bytes(_empty_keras())
    (tmp_path / "run" / "calibration.json").write_text('{"temperature": 1, "limits": {}}')
    assert main(["export", str(tmp_path / "run"), "-o", str(tmp_path / "z")]) == 2
    assert "certainty_min" in capsys.readouterr().err


def test_options_of_levels_are_refused(tmp_path, capsys):
    describe_run(tmp_path)
    assert main(["export", str(tmp_path), "--map", "-o", str(tmp_path / "z")]) == 2
    assert "--map" in capsys.readouterr().err
    describe_run(tmp_path, task="focus-level")
    assert main(["export", str(tmp_path), "--cells", "yeast", "-o", str(tmp_path / "z")]) == 2
    assert "--cells" in capsys.readouterr().err


def test_other_weights_than_the_run_says(tmp_path, capsys):
    weights_of(describe_run(tmp_path / "run"), bins=21)
    assert main(["export", str(tmp_path / "run"), "-o", str(tmp_path / "z")]) == 2
    assert "21 bins_um" in capsys.readouterr().err
    weights_of(tmp_path / "run", kind="published", side_px=25)
    assert main(["export", str(tmp_path / "run"), "-o", str(tmp_path / "z")]) == 2
    assert "any size" in capsys.readouterr().err
    assert not (tmp_path / "z").exists()


def test_pictures_tell_what_is_undecided():
    image = pytest.importorskip("PIL.Image")
    scenes = [samples.Scene(f"{z:+g} um", noise(z), (float(z),)) for z in (-4, 9)]
    limits = ZLimits(0.1, 0.2, 4.0)

    def predict(images):
        p = np.full((len(images), 41), 1e-4, np.float32)
        p[:, 16 if images.mean() < 100 else 40] = 1
        return p / p.sum(axis=1, keepdims=True)

    shown = image.open(io.BytesIO(pictures.picture(scenes, predict, BINS, limits)))
    assert shown.size == (2 * 248, 620)
    rows = pictures.readings(scenes, predict, BINS, limits)
    assert rows[0][:3] == ("-4 um", "-4.0", "-4")
    assert [row[-1] for row in rows] == ["decided", "undecided (edge)"]


def noise(z):
    rng = np.random.default_rng(abs(z))
    return rng.integers(0, 100 if z < 0 else 255, (250, 250)).astype(np.uint8)


def _empty_keras():
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"date_saved": "2026-11-21@10:00:00"}))
    return stream.getvalue()
