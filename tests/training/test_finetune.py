from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from zfocus_model._errors import ZfocusError
from zfocus_model.camera import photograph
from zfocus_model.cli import main
from zfocus_model.evaluation.tally import METRICS
from zfocus_model.scenes import field
from zfocus_model.training import finetune
from zfocus_model.training.calibrate import Calibration
from zfocus_model.training.comparison import SHOWN, Comparison
from zfocus_model.training.data import Augmentation
from zfocus_model.training.finetune import FineTuned, fine_tune, suspicion, three_ways
from zfocus_model.training.sources import SourceImage

FEW = Augmentation(kernels_per_level=2)
SHORT = replace(
    finetune.RECIPE, epochs=1, patches_per_epoch=64, batch_size=32, validation_patches=32,
    simulated=2,
)  # fmt: skip
GOOD = {name: 0.5 for name in SHOWN}


@pytest.fixture(scope="module")
def sharp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sharp")
    for number in range(12):
        rng = np.random.default_rng(number)
        counts = photograph(field(rng, (90, 100)), rng=rng).astype(np.uint16)
        tifffile.imwrite(folder / f"{number:02d}.tif", counts)
    return folder


@pytest.fixture
def start(package_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose Keras model has random weights; small numbers of everything."""
    pytest.importorskip("tensorflow")
    from zfocus_model.training.networks import build_network, inference_network

    monkeypatch.setattr(finetune, "exported_model", lambda _: inference_network(build_network()))
    monkeypatch.setattr(finetune, "_SIMULATED_CHOSEN", 1)
    monkeypatch.setattr(finetune, "_SIMULATED_COMPARED", 1)
    return package_folder


def comparison(after: float, f_after: float = 0.5, high: float = -0.1) -> Comparison:
    changed = {**GOOD, "rps": after, "f_in_focus": f_after}
    return Comparison(3, dict(GOOD), changed, (-0.3, high))


def outcome(own: Comparison, simulated: Comparison | None = None) -> FineTuned:
    limits = Calibration(1.0, 0.1, 0.5, 1.0, 1.0, 1.0)
    return FineTuned(own, simulated or comparison(0.5), limits, (), (7, 2, 3))


def test_from_images_to_a_comparison_and_again(
    start: Path, sharp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr(finetune, "calibrate_run", lambda *_: outcome(comparison(0.4)).calibration)

    def again() -> FineTuned:
        return fine_tune(
            start, sharp, run, options=SHORT, augmentation=FEW, workers=0, verbose=False
        )

    found = again()
    assert found.images == (7, 2 + 1, 3)
    assert found.own.fields == 3
    said = json.loads((run / "finetune.json").read_text())
    assert said["accepted"] is found.accepted
    assert said["start"]["name"] == "tiny"
    assert said["own_images"]["after"]["rps"] == pytest.approx(found.own.after["rps"])
    weights = {path.name for path in run.glob("*.keras")}
    assert weights == {"last.keras", "best.keras" if found.accepted else "rejected.keras"}
    recipe = json.loads((run / "run.json").read_text())
    assert recipe["options"]["start"] == said["start"]["package_sha256"]
    (own, simulated) = json.loads((run / "evaluation.json").read_text()).values()
    assert set(own) == set(simulated) == {"tiny, before", "after"}

    # The same run, found to be no better: its weights are put aside, and stay so.
    monkeypatch.setattr(finetune, "compare", lambda *_: comparison(0.6))
    for _ in range(2):
        assert not again().accepted
        assert {path.name for path in run.glob("*.keras")} == {"last.keras", "rejected.keras"}
    assert len((run / "log.csv").read_text().splitlines()) == 2  # trained once


# What counts as better.


@pytest.mark.parametrize(
    ("after", "f_after", "better"),
    [
        (0.4, 0.5, True),
        (0.5, 0.9, False),
        (0.6, 0.5, False),
        (0.4, 0.48, False),
        (0.4, 0.495, True),
    ],
)
def test_better_is_closer_to_the_level_and_no_worse_at_telling_sharp(
    after: float, f_after: float, better: bool
) -> None:
    assert comparison(after, f_after).better is better


def test_beyond_chance_is_an_interval_below_0() -> None:
    assert comparison(0.4, high=-0.01).beyond_chance
    assert not comparison(0.4, high=0.01).beyond_chance


def test_the_table_shows_shares_in_percent() -> None:
    lines = comparison(0.25).lines()
    assert len(lines) == 1 + len(SHOWN)
    assert lines[1].split()[-2:] == ["50", "50"]
    assert lines[-1].split()[-2:] == ["0.5", "0.25"]
    assert set(SHOWN) <= set(METRICS)


def test_a_loss_on_other_images_is_noticed() -> None:
    other = replace(comparison(0.5), after={**GOOD, "within_1": 0.4})
    assert outcome(comparison(0.4), other).narrower
    assert not outcome(comparison(0.4)).narrower


def test_the_three_parts_share_no_file() -> None:
    pixels = np.zeros((84, 84), np.float32)
    images = [SourceImage(Path(f"{i % 20}.tif"), "a", "", pixels) for i in range(40)]
    parts = three_ways(images, 0)
    files = [{image.path for image in part} for part in parts]
    assert [len(part) for part in files] == [11, 4, 5]
    assert len(set.union(*files)) == 20
    many = [SourceImage(Path(f"{i}.tif"), "a", "", pixels) for i in range(1000)]
    assert len(three_ways(many, 0)[2]) == 40


# What is refused, and what is said.


def test_too_few_images_are_refused_in_one_line(
    package_folder: Path, sharp: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(5):
        (few / f"{number}.tif").write_bytes((sharp / f"{number:02d}.tif").read_bytes())
    pytest.importorskip("tensorflow")
    words = ["train", "--from", str(package_folder), "--in-focus", str(few), "-o", str(tmp_path)]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "expected at least 12 files of sharp images" in error and "got 5" in error
    assert error.strip().count("\n") == 0
    assert not (tmp_path / "run.json").exists()


def test_a_network_of_somebody_else_is_refused(
    start: Path, sharp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        name = "resnet"

        def __call__(self, patches: np.ndarray, training: bool) -> np.ndarray:
            return np.full((len(patches), 11), 1 / 11, np.float32)

    monkeypatch.setattr(finetune, "exported_model", lambda _: Other())
    with pytest.raises(ZfocusError, match=r"made by zfocus export of a network .* with resnet"):
        fine_tune(start, sharp, tmp_path / "run", verbose=False)


def test_images_that_look_blurred_are_named() -> None:
    line = suspicion([f"{i}.tif" for i in range(7)], 20, "tiny")
    assert line.startswith("7 of 20 images look out of focus to tiny (0.tif, 1.tif, ")
    assert "4.tif, ...)" in line and "5.tif" not in line


@pytest.mark.parametrize(
    ("result", "code", "words"),
    [
        (outcome(comparison(0.4)), 0, ["next: zfocus export"]),
        (outcome(comparison(0.4, high=0.1)), 0, ["may be chance", "next: zfocus export"]),
        (outcome(comparison(0.4), comparison(0.5, 0.4)), 0, ["images like these only"]),
        (outcome(comparison(0.6)), 1, ["not better than tiny", "go on using tiny"]),
    ],
)
def test_the_verdict(
    result: FineTuned,
    code: int,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = {}

    def stand_in(*given: object, **options: object) -> FineTuned:
        asked.update(options, given=given)
        return result

    monkeypatch.setattr(finetune, "fine_tune", stand_in)
    given = ["train", "--from", "tiny", "--in-focus", "mine", "-o", "run"]
    assert main([*given, "--patience", "9", "--seed", "4"]) == code
    shown = capsys.readouterr()
    assert all(word in shown.out + shown.err for word in words)
    assert asked["given"] == ("tiny", Path("mine"), Path("run"))
    assert asked["options"] == replace(finetune.RECIPE, patience=9, seed=4)
