"""The adapter, with Micro-Manager's real core: its DemoCamera drivers, and Python devices."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.look import Look, centre, grey
from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.micromanager import MicroManagerMicroscope, open_microscope
from zfocus_model.zposition.lock.protocol import (
    CameraError,
    CameraTimeout,
    FrameDropped,
    LockError,
    StageError,
    StageTimeout,
)
from zfocus_model.zposition.lock.simulated import RealClock


def picture(z_um: float, _time_s: float) -> Any:
    """One whose pixels are their place and, in a corner, z."""
    pixels = np.add.outer(np.arange(96), np.arange(120)).astype(np.uint16)
    pixels[0, 0] = round(1000 + 10 * z_um)
    return pixels


@pytest.fixture
def scope() -> SimulatedScope:
    return SimulatedScope(picture, RealClock(), exposure_s=0.001)


@pytest.fixture
def simulated(scope: SimulatedScope) -> MicroManagerMicroscope:
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    from zfocus_model.zposition.lock.devices import simulated_core

    return MicroManagerMicroscope(simulated_core(scope))


@pytest.fixture
def demo() -> MicroManagerMicroscope:
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    pytest.importorskip("mm_test_adapters", reason="Micro-Manager's demo drivers are missing")
    return open_microscope("MMConfig_demo.cfg", "Camera", "Z", look=Look(region_px=256))


def test_the_centre_is_cut_out_and_colours_are_averaged() -> None:
    plane = np.arange(70 * 100).reshape(70, 100)
    assert np.array_equal(centre(plane, 64), plane[3:67, 18:82])
    assert centre(plane, 1000) is not plane
    assert np.array_equal(centre(plane, 1000), plane)
    colour = np.full((4, 5, 4), (10, 20, 60, 255), np.uint8)
    assert np.array_equal(grey(colour), np.full((4, 5), 30, np.float32))
    with pytest.raises(CameraError, match=r"two dimensions, got shape \(5,\)"):
        grey(np.zeros(5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"region_px": 63}, "at least 64 px"),
        ({"exposure_ms": 0.0}, "exposure_ms greater than 0"),
        ({"pixel_size_um": float("nan")}, "pixel_size_um greater than 0"),
    ],
)
def test_a_look_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ZfocusError, match=message):
        Look(**options)


def test_demo_drivers_take_pictures_and_move(demo: MicroManagerMicroscope) -> None:
    frame = demo.camera.snap(5)
    assert frame.pixels.shape == (256, 256)
    assert frame.pixels.dtype == np.uint16
    assert frame.pixel_size_um == 1.0
    assert abs(frame.time_s - demo.clock.now_s()) < 1
    demo.stage.move_to(3.25, 5)
    assert demo.stage.z_um == 3.25
    with pytest.raises(StageError, match=r"stage Z, says Micro-Manager: .*out of range") as caught:
        demo.stage.move_to(1e6, 5)
    assert "\n" not in str(caught.value)
    assert demo.stage.z_um == 3.25


def test_region_is_read_centred_and_given_back(demo: MicroManagerMicroscope) -> None:
    assert demo.core.getROI() == [128, 128, 256, 256]
    demo.close()
    assert demo.core.getROI() == [0, 0, 512, 512]


def test_exposure_and_light_are_put_on_for_the_picture_only(demo: MicroManagerMicroscope) -> None:
    core, during = demo.core, []
    look = Look(exposure_ms=3, preset=("Channel", "FITC"), pixel_size_um=0.06)
    lock = MicroManagerMicroscope(core, look=look)
    core.setConfig("Channel", "DAPI")
    core.setExposure(11)
    core.events.imageSnapped.connect(
        lambda *_: during.append((core.getExposure(), core.getCurrentConfig("Channel")))
    )
    assert lock.camera.snap(5).pixel_size_um == 0.06
    assert during == [(3.0, "FITC")]
    assert (core.getExposure(), core.getCurrentConfig("Channel")) == (11.0, "DAPI")


def test_hardware_focus_is_seen(demo: MicroManagerMicroscope) -> None:
    assert demo.hardware_focus_on() is False
    demo.core.enableContinuousFocus(True)
    assert demo.hardware_focus_on() is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"camera": "Z"}, r"a camera of the configuration \(Camera\), got 'Z'"),
        ({"stage": "XY"}, r"a focus stage of the configuration \(Z\), got 'XY'"),
        ({"look": Look(preset=("Channel", "BF"))}, r"preset of Channel \(.*DAPI.*\), got 'BF'"),
        ({"look": Look(preset=("Lamp", "on"))}, r"configuration group \(.*Channel.*\), got 'Lamp'"),
    ],
)
def test_wrong_names_are_answered_with_the_right_ones(
    demo: MicroManagerMicroscope, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(LockError, match=message):
        MicroManagerMicroscope(demo.core, **options)


def test_missing_configuration_is_one_line(demo: MicroManagerMicroscope) -> None:
    with pytest.raises(ZfocusError, match=r"^expected a Micro-Manager config.* no file lost\.cfg"):
        open_microscope("lost.cfg")


def test_live_view_is_refused(demo: MicroManagerMicroscope) -> None:
    demo.core.startContinuousSequenceAcquisition()
    try:
        with pytest.raises(CameraError, match="live view"):
            demo.camera.snap(5)
    finally:
        demo.core.stopSequenceAcquisition()


def test_picture_is_of_where_the_stage_went(simulated: MicroManagerMicroscope) -> None:
    assert simulated.camera.snap(5).pixels[0, 0] == 1000
    simulated.stage.move_to(7.5, 5)
    assert simulated.camera.snap(5).pixels[0, 0] == 1075
    assert simulated.camera.snap(5).pixel_size_um == 0.24


def test_hanging_camera_does_not_hang_the_lock(
    simulated: MicroManagerMicroscope, scope: SimulatedScope
) -> None:
    scope.camera_faults.hang_s = 0.5
    started = time.monotonic()
    for message in ("within 0.1 s: it hangs", "still hangs"):
        with pytest.raises(CameraTimeout, match=message):
            simulated.camera.snap(0.1)
    assert time.monotonic() - started < 0.4
    assert simulated.stage.z_um == 0  # the rest still answers
    time.sleep(max(0, 0.7 - (time.monotonic() - started)))
    simulated.stage.move_to(2, 5)
    assert simulated.camera.snap(5).pixels[0, 0] == 1020  # not the picture that came too late


def test_faults_of_the_camera_have_their_errors(
    simulated: MicroManagerMicroscope, scope: SimulatedScope
) -> None:
    scope.camera_faults.drop_every = 2
    simulated.camera.snap(5)
    with pytest.raises(FrameDropped):
        simulated.camera.snap(5)
    scope.camera_faults.refuses = True
    with pytest.raises(CameraError, match="error 12"):
        simulated.camera.snap(5)


def test_faults_of_the_stage_have_their_errors(
    simulated: MicroManagerMicroscope, scope: SimulatedScope
) -> None:
    scope.stage_faults.frozen = True
    with pytest.raises(StageTimeout, match=r"Focus at 5 um within 0\.05 s, got it at 0 um"):
        simulated.stage.move_to(5, 0.05)
    scope.stage_faults.frozen, scope.stage_faults.refuses = False, True
    with pytest.raises(StageError, match="error 7"):
        simulated.stage.move_to(5, 1)
    scope.stage_faults.refuses, scope.stage_faults.hang_s = False, 0.9
    with pytest.raises(StageTimeout, match="hangs"):
        simulated.stage.move_to(5, 0.05)


def test_stage_obeys_the_limits_that_were_given(scope: SimulatedScope) -> None:
    pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
    from zfocus_model.zposition.lock.devices import simulated_core

    microscope = MicroManagerMicroscope(simulated_core(scope), limits_um=(-3, 4))
    assert microscope.stage.limits_um == (-3, 4)
    for wrong in (-3.01, 4.01, float("nan")):
        with pytest.raises(StageError, match="expected a position from -3 to 4 um"):
            microscope.stage.move_to(wrong, 1)
    assert scope.visited_um == []


def test_no_thread_is_left_behind(simulated: MicroManagerMicroscope) -> None:
    before = set(threading.enumerate())
    simulated.camera.snap(5)
    simulated.stage.move_to(1, 5)
    started = set(threading.enumerate()) - before
    assert len(started) == 1  # the stage's is as old as the microscope
    simulated.close()
    for thread in started:
        thread.join(5)
        assert not thread.is_alive()
