from __future__ import annotations

import json

import numpy as np
import pytest
from tiny_package import constant_z_network, write_z_package

from zfocus_model.cli import main
from zfocus_model.zposition.lock.log import read_log
from zfocus_model.zposition.lock.settings import StageCalibration, write_calibration

SHORT = {
    "hours": 0.05, "interval_s": 10, "faults": [{"kind": "camera_hang", "start_s": 60,
    "duration_s": 20}], "live": [], "start_um": 3, "cells_start": 3, "cells_end": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def z_package(tmp_path_factory):
    """A model that says 3 um, whatever it sees."""
    share = np.full(41, 1e-4)
    share[23] = 1 - share.sum() + 1e-4
    network, arrays = constant_z_network(share)
    folder = tmp_path_factory.mktemp("models") / "z"
    return str(write_z_package(folder, network, arrays, with_onnx=False))


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "short.json"
    path.write_text(json.dumps(SHORT))
    return str(path)


def test_a_scenario_is_played_logged_and_drawn(z_package, scenario, tmp_path, capsys):
    words = ["lock", "--simulate", "--scenario", scenario, "--model", z_package, "--dry-run"]
    assert main([*words, "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    log = next((tmp_path / "out").glob("lock-*.csv"))
    events = read_log(log)
    frames = [event for event in events if event.action != "none"]
    assert len(frames) >= 15 and {event.action for event in frames} >= {"hold", "move"}
    assert all(event.stage_um == 0 for event in frames)  # a dry run
    assert "camera_failed" in said and "soft limits left 0 times" in said
    assert log.with_suffix(".svg").read_text().startswith("<svg")
    kept = json.loads(log.with_suffix(".scenario.json").read_text())
    assert kept["hours"] == 0.05
    # A log alone can be drawn again, as after a kill.
    log.with_suffix(".svg").unlink()
    assert main(["lock", "--plot", str(log)]) == 0
    assert log.with_suffix(".svg").exists()


def test_ctrl_c_ends_with_130_and_a_whole_log(z_package, scenario, tmp_path, monkeypatch):
    from zfocus_model.zposition.model import ZModel

    seen = []
    locate = ZModel.locate

    def interrupted(self, image, **more):
        seen.append(1)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return locate(self, image, **more)

    monkeypatch.setattr(ZModel, "locate", interrupted)
    words = ["lock", "--simulate", "--scenario", scenario, "--model", z_package]
    assert main([*words, "-o", str(tmp_path / "out")]) == 130
    log = next((tmp_path / "out").glob("lock-*.csv"))
    assert read_log(log)[-1].reason == "interrupted"
    assert log.with_suffix(".svg").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--simulate"),
        (["--simulate", "--scenario", "week"], "expected a scenario at week"),
        (["--simulate", "--target-um", "15"], "expected a target within"),
        (["--plot", "none.csv"], "expected a log"),
        (["--config", "none.cfg"], "--learn"),
    ],
)
def test_wrong_usage_gets_one_line(words, told, z_package, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["lock", "--model", z_package, *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert told in lines[-1] and len([line for line in lines if "zfocus:" in line]) == 1


def test_the_model_that_was_checked_is_held_with(tmp_path, capsys):
    from argparse import Namespace

    from zfocus_model.cli.lock import MODEL, _calibration, _model_name

    write_calibration(StageCalibration(model="tuned"), tmp_path / "lock-calibration.json")
    calibration = _calibration(Namespace(calibration=None, output=tmp_path))
    assert _model_name(Namespace(model=MODEL), calibration) == "tuned"
    assert capsys.readouterr().err == ""
    assert _model_name(Namespace(model="other"), calibration) == "other"
    assert "other was not checked here" in capsys.readouterr().err
