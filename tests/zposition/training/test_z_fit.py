from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import main
from zfocus_model.training.loop import Now
from zfocus_model.zposition.labels import read_labels
from zfocus_model.zposition.training.fit import PUBLISHED, ZFitOptions, fit_z, learning_rate
from zfocus_model.zposition.training.stackset import load_stacks, split_labels

pytest.importorskip("keras")

SHORT = ZFitOptions(
    bin_width_um=5.0,
    sides_px=(64, 72),
    batch_size=8,
    batches_per_epoch=4,
    epochs=2,
    learning_rate=1e-3,
    validation_images=8,
)


@pytest.fixture(scope="module")
def parts(label_table):
    split = split_labels(read_labels(label_table))
    return [load_stacks(part, label_table.parent) for part in (split.train, split.validation)]


@pytest.fixture(scope="module")
def run(tmp_path_factory, label_table, parts):
    folder = tmp_path_factory.mktemp("runs") / "short"
    fit_z(*parts, folder, SHORT, about={"domain": {"cells": "spots"}}, verbose=False)
    return folder


def log(folder):
    with (folder / "log.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_a_run_leaves_weights_log_and_recipe(run):
    rows = log(run)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["val_loss"]) > 0 for row in rows)
    about = json.loads((run / "run.json").read_text())
    assert (about["task"], about["network"]) == ("z-position", "small")
    assert about["bins_um"] == [-20, -15, -10, -5, 0, 5, 10, 15, 20]
    assert about["pixel_size_um"] == 0.24
    assert about["domain"] == {"cells": "spots"}
    train, validation = about["data"]
    assert (train["part"], train["stacks"], train["images"]) == ("train", 3, 27)
    assert validation["methods"] == {"simulated": 1}
    assert sum(source["images"] for source in train["sources"].values()) == 27


def test_a_run_goes_on_and_another_recipe_is_refused(run, parts):
    fit_z(*parts, run, SHORT, verbose=False)
    assert len(log(run)) == 2
    with pytest.raises(ZfocusError, match="choose another run folder"):
        fit_z(*parts, run, replace(SHORT, seed=1), verbose=False)


def test_the_clock_ends_a_training_and_slows_it_down_before():
    options = ZFitOptions(minutes=10.0, epochs=1000, learning_rate=1.0)
    rates = [learning_rate(options, Now(epoch, epoch / 2)) for epoch in (0, 1, 10, 19)]
    assert rates[0] == 0.3
    assert rates[1] > 0.95
    assert rates[2] == pytest.approx(0.425, abs=0.01)
    assert rates[3] == pytest.approx(0.005)
    assert learning_rate(PUBLISHED, Now(50, 9)) == 1e-4


def test_options_are_checked(parts, tmp_path):
    with pytest.raises(ZfocusError, match="got 'tiny' and 'crossentropy'"):
        fit_z(*parts, tmp_path, ZFitOptions(network="tiny"))
    with pytest.raises(ZfocusError, match="above 0, got"):
        fit_z(*parts, tmp_path, ZFitOptions(epochs=0))
    with pytest.raises(ZfocusError, match="minutes above 0, got -1"):
        fit_z(*parts, tmp_path, ZFitOptions(minutes=-1))
    assert not list(tmp_path.iterdir())


def test_train_and_evaluate_from_the_shell(label_table, tmp_path, capsys, monkeypatch):
    from zfocus_model.zposition.training import fit

    monkeypatch.setattr(fit, "ZFitOptions", lambda: SHORT)
    run, results = tmp_path / "run", tmp_path / "results"
    command = ["train", "--task", "z-position", "--stacks", str(label_table), "-o", str(run)]
    assert main([*command, "--bin-width", "5", "--epochs", "1", "--about", "cells=spots"]) == 0
    assert "3 stacks to train on, 1 to validate, 2 left for the test" in capsys.readouterr().out
    calibration = json.loads((run / "calibration.json").read_text())
    assert set(calibration["limits"]) == {"certainty_min", "second_mode_max", "sd_max_um"}
    assert calibration["temperature"] > 0
    evaluate = ["evaluate", str(label_table), "--model", str(run), "-o", str(results)]
    assert main(evaluate) == 0
    found = json.loads((results / "z_evaluation.json").read_text())
    assert (found["stacks"], found["images"]) == (2, 18)
    assert 0 <= found["scores"]["within_1um"][0] <= 1
    assert np.sum(found["confusion"]) == 18
    assert "<svg" in (results / "z_evaluation.html").read_text()
    assert len((results / "z_images.csv").read_text().splitlines()) == 19
    card = json.loads((run / "evaluation.json").read_text())
    assert list(card) == ["simulated stacks, experiments not in training"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--task", "z-position"], "name them with --stacks LABELS.csv"),
        (["--task", "z-position", "--stacks", "no.csv", "--network", "half"], "got half"),
        (["--network", "published", "--in-focus", "."], "got published"),
        ([], "name them with --in-focus"),
        (["--task", "z-position", "--stacks", "no.csv", "--about", "cells"], "got 'cells'"),
    ],
)
def test_options_of_the_wrong_task_are_named(more, message, tmp_path, capsys):
    assert main(["train", "-o", str(tmp_path / "run"), *more]) == 2
    assert message in capsys.readouterr().err
