from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.scenes import field
from zfocus_model.training.calibrate import calibrate_run
from zfocus_model.training.data import Augmentation, PatchMaker
from zfocus_model.training.fit import FitOptions, fit
from zfocus_model.training.sources import SourceImage
from zfocus_model.training.stream import BatchStream
from zfocus_model.training.unseen import Unseen

FEW = Augmentation(kernels_per_level=2)
SHORT = FitOptions(epochs=2, patches_per_epoch=64, batch_size=32, validation_patches=32)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [
        SourceImage(Path(f"{i}.tif"), "simulated", "CC0", field(rng, (168, 168))) for i in range(6)
    ]


def log(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def run(tmp_path_factory, images):
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("runs") / "short"
    fit(images[:4], images[4:], folder, SHORT, FEW, workers=0, verbose=False)
    return folder


def test_a_run_leaves_weights_log_and_recipe(run):
    assert (run / "best.keras").is_file()
    assert list((run / "tensorboard").iterdir())
    rows = log(run)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["val_loss"]) > 0 for row in rows)
    recipe = json.loads((run / "run.json").read_text())
    assert recipe["optics"]["spot_fwhm_px"][0] < 1
    assert recipe["options"]["seed"] == 0
    assert recipe["options"]["loss"] == "crossentropy"
    assert recipe["data"][0] == {
        "part": "train",
        "images": 4,
        "sources": {"simulated": {"images": 4, "licence": "CC0"}},
    }
    assert not list(run.glob(".*"))  # nothing half-written


def test_a_killed_run_goes_on_after_its_last_epoch(run, images, tmp_path, monkeypatch):
    folder = tmp_path / "killed"
    from zfocus_model.training import loop as module

    real = module.write_json

    def killed(path, content):
        if path.name == "state.json" and content["epoch"] == 2:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(module, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(images[:4], images[4:], folder, SHORT, FEW, workers=0, verbose=False)
    monkeypatch.undo()
    fit(images[:4], images[4:], folder, SHORT, FEW, workers=0, verbose=False)
    assert json.loads((folder / "state.json").read_text())["epoch"] == 2
    # The first epoch of both runs saw the same patches from the same start.
    assert float(log(folder)[0]["val_loss"]) == pytest.approx(
        float(log(run)[0]["val_loss"]), rel=1e-3
    )


def test_a_run_goes_on_whatever_the_wording_of_its_licences(run, images):
    about = run / "run.json"
    text = about.read_text()
    assert '"licence": "CC0"' in text
    try:
        about.write_text(text.replace('"licence": "CC0"', '"licence": "CC0; some not stated"'))
        fit(images[:4], images[4:], run, SHORT, FEW, workers=0, verbose=False)
    finally:
        about.write_text(text)


def test_the_ranked_probability_score_is_a_loss_too(images, tmp_path):
    pytest.importorskip("tensorflow")
    options = replace(SHORT, loss="rps", epochs=1)
    fit(images[:4], images[4:], tmp_path, options, FEW, workers=0, verbose=False)
    (row,) = log(tmp_path)
    assert 0 < float(row["val_loss"]) < 10


def test_a_finished_run_is_not_trained_again(run, images):
    before = (run / "best.keras").read_bytes()
    fit(images[:4], images[4:], run, SHORT, FEW, workers=0, verbose=False)
    assert (run / "best.keras").read_bytes() == before
    assert len(log(run)) == 2


def test_another_recipe_in_the_same_folder_is_refused(run, images):
    with pytest.raises(ZfocusError, match="choose another run folder"):
        fit(images[:3], images[4:], run, SHORT, FEW, workers=0, verbose=False)


def test_options_are_checked(images, tmp_path):
    with pytest.raises(ZfocusError, match="above 0, got 0"):
        fit(images[:4], images[4:], tmp_path, FitOptions(epochs=0))
    with pytest.raises(ZfocusError, match="one batch of 128 patches an epoch, got 5"):
        fit(images[:4], images[4:], tmp_path, FitOptions(patches_per_epoch=5))
    assert not list(tmp_path.iterdir())


def test_calibration_of_a_run(run, images):
    calibration = calibrate_run(run, images[4:])
    saved = json.loads((run / "calibration.json").read_text())
    assert saved["temperature"] == calibration.temperature
    assert 0 < calibration.certainty_min < 1
    assert 0.2 <= calibration.in_focus_min <= 0.8
    assert calibration.blank_undecided >= 0.99


def test_a_calibration_allows_for_unseen_sources(run, images, tmp_path):
    shutil.copy(run / "best.keras", tmp_path)
    plain = calibrate_run(tmp_path, images[4:])
    assert "unseen" not in (tmp_path / "calibration.json").read_text()
    unseen = Unseen(1.25, {"command": "python benchmarks/unseen.py"})
    allowing = calibrate_run(tmp_path, images[4:], unseen=unseen)
    assert allowing.temperature == pytest.approx(1.25 * plain.temperature, abs=2e-4)
    saved = json.loads((tmp_path / "calibration.json").read_text())
    assert saved["seen_temperature"] == plain.temperature
    assert saved["unseen_factor"] == 1.25
    assert saved["unseen"]["command"] == "python benchmarks/unseen.py"


def test_worker_processes_make_the_same_batches(images):
    maker = PatchMaker(images, seed=5, augmentation=FEW)
    stream = BatchStream(maker, 16, workers=1)
    try:
        for number in (4, 5):
            assert np.array_equal(stream[number][0], maker.batch(number, 16)[0])
    finally:
        stream.close()
