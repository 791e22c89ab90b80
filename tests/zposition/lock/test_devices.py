"""The simulated microscope itself, and its parts as devices of a core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock import devices
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.simulated import FastClock


def scope_with(**options: Any) -> SimulatedScope:
    return SimulatedScope(
        lambda z_um, time_s: np.full((64, 80), 100 + z_um, np.float32), FastClock(), **options
    )


def test_play_swallows_the_way_after_turning_round() -> None:
    scope = scope_with(stage_faults=StageFaults(backlash_um=1.5))
    seen = []
    for target in (4, 2, 0, 0.5, 3):
        scope.command(target)
        seen.append(scope.z_um(1.0))
    assert seen == [2.5, 2, 0, 0, 1.5]


def test_an_inverted_stage_with_gain_goes_the_other_way() -> None:
    scope = scope_with(stage_faults=StageFaults(sign=-1, gain=0.5), drift_um=lambda t: t)
    scope.command(4)
    assert scope.z_um(0.0) == -2
    assert scope.z_um(3.0) == -5


def test_the_image_lags_by_speed_and_latency() -> None:
    scope = scope_with(stage_faults=StageFaults(speed_um_s=2, latency_s=1))
    scope.command(4)
    assert scope.busy()
    assert [scope.z_um(t) for t in (0, 1.5, 3, 9)] == [0, 2, 4, 4]
    scope.clock.sleep(2)
    assert not scope.busy()


def test_a_stuck_stage_says_that_it_moved() -> None:
    scope = scope_with(stage_faults=StageFaults(stuck=True))
    scope.command(4)
    assert (scope.reported_um, scope.z_um(1.0)) == (4, 0)


def test_no_light_is_a_blank_picture() -> None:
    scope = scope_with()
    scope.camera_faults.blank = True
    assert np.unique(scope.snap()).tolist() == [20]


def test_devices_need_pymmcore_plus_or_a_scope() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = devices.Nothing
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    devices._shared.clear()
    with pytest.raises(ZfocusError, match=r"call .*use_scope"):
        devices.SimulatedCamera()


def test_a_configuration_file_loads_the_devices(tmp_path: Path) -> None:
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    from zfocus_model.zposition.lock.micromanager import open_microscope

    scope = scope_with()
    devices.use_scope(scope)
    config = tmp_path / "simulated.cfg"
    text = devices.__doc__ or ""
    config.write_text("\n".join(line.strip() for line in text.splitlines() if "#py" in line))
    microscope = open_microscope(config)
    microscope.stage.move_to(3, 1)
    assert (scope.reported_um, microscope.camera.snap(1).pixels[0, 0]) == (3, 103)
    microscope.core.saveSystemConfiguration(tmp_path / "saved.cfg")
    again = open_microscope(tmp_path / "saved.cfg")
    assert again.stage.z_um == 3


def test_a_sequence_of_pictures_can_be_taken() -> None:
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    core = devices.simulated_core(scope_with())
    core.setROI(8, 4, 32, 16)
    core.startSequenceAcquisition(3, 0, True)
    while core.isSequenceRunning():
        pass
    assert [core.popNextImage().shape for _ in range(3)] == [(16, 32)] * 3
    with pytest.raises(ValueError, match="not on the sensor"):
        core.setROI(70, 4, 32, 16)
