"""The parts together: the shipped model, simulated yeast, Micro-Manager's real core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_package import constant_z_network, write_z_package

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import main
from zfocus_model.zposition.lock import chamber
from zfocus_model.zposition.lock.acquire import StackPlan
from zfocus_model.zposition.lock.calibration import Measuring
from zfocus_model.zposition.lock.learn import LearnPlan, learn
from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.oneshot import OneShot, focus_once
from zfocus_model.zposition.lock.settings import SoftLimits
from zfocus_model.zposition.lock.simulated import FastClock, RealClock, SimulatedMicroscope
from zfocus_model.zposition.lock.tune import model_of
from zfocus_model.zposition.model import load_z_model


@pytest.fixture(scope="module")
def shipped() -> Any:
    try:
        return load_z_model("zposition-yeast")
    except ZfocusError as error:
        pytest.skip(f"no model zposition-yeast: {error}")


def test_the_shipped_model_learns_a_stage_and_focuses_with_it(shipped: Any, tmp_path: Path) -> None:
    scope = chamber.chamber_scope(3, clock=FastClock())
    scope.exposure_s = 0.06  # fewer pictures in the same time
    microscope = SimulatedMicroscope(scope)
    plan = LearnPlan(
        measuring=Measuring(watch_s=0.5, latency_moves=2),
        stacks=StackPlan(reach_um=8),
        looking=OneShot(looks=1, tolerance_um=1),
    )
    model = model_of(shipped)
    learned = learn(microscope, model, tmp_path, plan=plan)
    calibration = learned.calibration
    assert calibration.sign == -1
    assert calibration.gain == pytest.approx(0.9, rel=0.15)
    assert calibration.backlash_um == pytest.approx(0.6, abs=0.5)
    assert learned.held_out.median_um < 1
    assert scope.reported_um == 0
    found = focus_once(microscope, model.locate, calibration, SoftLimits(-10, 10))
    assert found.succeeded, found.reason
    assert abs(scope.z_um(scope.clock.now_s())) < 1.5


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of the chamber of yeast, something that is drawn at once."""
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    pixels = np.random.default_rng(0).integers(50, 200, (64, 64), np.uint8)
    scope = SimulatedScope(lambda z_um, time_s: pixels, RealClock(), exposure_s=0.001)
    monkeypatch.setattr(chamber, "chamber_scope", lambda: scope)


@pytest.mark.usefixtures("noise")
def test_the_command_learns_at_a_core_and_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = np.full(41, 1e-3)
    blind[22] = 1 - 40e-3  # whatever the picture: z is 2 um
    write_z_package(tmp_path / "blind", *constant_z_network(blind))
    words = ["lock", "--config", "simulated", "--learn", "--model", str(tmp_path / "blind")]
    assert main([*words, "-o", str(tmp_path / "lock")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("stop 1 of 24: stage 1 um, z ")
    assert said[-1].startswith("zfocus: expected the image to follow the stage, got ")
    assert not (tmp_path / "lock").exists()


@pytest.mark.usefixtures("noise")
def test_the_command_names_missing_devices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_z_package(tmp_path / "any", *constant_z_network(np.full(41, 1 / 41)))
    words = ["lock", "--learn", "--model", str(tmp_path / "any"), "-o", str(tmp_path / "lock")]
    assert main(words) == 2
    assert "expected a microscope, got none" in capsys.readouterr().err
    assert main([*words, "--config", "simulated", "--focus", "Piezo"]) == 2
    assert "a focus stage of the configuration (Focus), got 'Piezo'" in capsys.readouterr().err


def test_a_run_of_learning_is_read_by_people_and_programs(tmp_path: Path) -> None:
    from zfocus_model.cli._lock_learn import told
    from zfocus_model.zposition.lock.held_out import HeldOut

    good, bad = HeldOut(42, 0.0, 0.3, 0.8, 0.1), HeldOut(42, 0.1, 0.5, 1.3, -0.1)
    for held_out, lines in ((good, 2), (bad, 3)):
        learned: Any = type("L", (), {"notes": ("a note",), "held_out": held_out})()
        learned.model = type("M", (), {"name": "zposition-yeast"})()
        words = told(learned)
        assert len(words) == lines
        assert words[0] == "note: a note"
        assert f"90th percentile {held_out.p90_um:.2f} um" in words[1]
