"""The microscope of the focus lock, from Micro-Manager's core (pymmcore-plus).

Works with any core that has a camera and a stage for focus, whether their drivers are
Micro-Manager's or Python devices. A microscope that is doing something else is left as it was: an
exposure and a preset (light, shutter) of the lock's own are put on for its pictures only.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Callable

from zfocus_model.zposition.lock.look import Look, centre, grey
from zfocus_model.zposition.lock.mmcore import check_preset, choose_device, load_core, said
from zfocus_model.zposition.lock.protocol import (
    CameraError,
    CameraTimeout,
    Clock,
    Frame,
    LockError,
    StageError,
    StageTimeout,
)
from zfocus_model.zposition.lock.simulated import RealClock
from zfocus_model.zposition.lock.watchdog import Watchdog

ARRIVAL_UM = 0.5
"""A stage that says it is so near to where it was sent has arrived."""
_POLL_S = 0.002
_ASK_S = 5.0  # how long a core may take to answer what needs no exposure and no movement


class MicroManagerCamera:
    """A camera of a core."""

    def __init__(self, core: Any, label: str, look: Look, clock: Clock) -> None:
        self.label = label
        self._core, self._look, self._clock = core, look, clock
        self._watchdog = Watchdog(f"the camera {label}")

    def snap(self, timeout_s: float) -> Frame:
        """Take a picture with the settings of the lock, and put the others back."""
        started_s = self._clock.now_s()

        def take() -> tuple[Any, float]:
            with said(f"the camera {self.label}", CameraError), self._own_settings():
                if self._core.isSequenceRunning(self.label):
                    raise CameraError(
                        "expected the camera free for a picture, got a live view or a sequence "
                        "that is running: stop it"
                    )
                before_s = self._clock.now_s()
                self._core.snapImage()
                exposed_s = (before_s + self._clock.now_s()) / 2
                return self._core.getImage(), exposed_s

        pixels, exposed_s = self._watchdog.call(take, timeout_s, CameraTimeout)
        if self._clock.now_s() - started_s > timeout_s:
            raise CameraTimeout(f"expected a frame within {timeout_s:g} s, got one too late")
        return Frame(centre(grey(pixels), self._look.region_px), exposed_s, self.pixel_size_um())

    def pixel_size_um(self) -> float | None:
        """Size of a pixel in the sample: as given, else the core's; None if neither is known."""
        if self._look.pixel_size_um is not None:
            return self._look.pixel_size_um
        with suppress(Exception):
            return float(self._core.getPixelSizeUm(True)) or None
        return None

    def close(self) -> None:
        """End the thread that watches the driver."""
        self._watchdog.close()

    @contextmanager
    def _own_settings(self) -> Generator[None]:
        """Put the lock's camera, exposure and preset on, and what was there back in any case."""
        core, look = self._core, self._look
        with ExitStack() as back:
            if (camera := core.getCameraDevice()) != self.label:
                back.callback(core.setCameraDevice, camera)
                core.setCameraDevice(self.label)
            if look.preset is not None:
                group, _ = look.preset
                # Single properties, not the preset's name: the state need not be a preset at all.
                was = [tuple(setting)[:3] for setting in core.getConfigGroupState(group)]
                for device, name, value in was:
                    if not core.isPropertyReadOnly(device, name):
                        back.callback(core.setProperty, device, name, value)
                core.setConfig(*look.preset)
                core.waitForConfig(*look.preset)
            if look.exposure_ms is not None:
                back.callback(core.setExposure, self.label, core.getExposure(self.label))
                core.setExposure(self.label, look.exposure_ms)
            yield


class MicroManagerStage:
    """A stage for focus of a core."""

    def __init__(
        self, core: Any, label: str, clock: Clock, limits_um: tuple[float, float] | None = None
    ) -> None:
        self.label = label
        self._core, self._clock = core, clock
        self._watchdog = Watchdog(f"the stage {label}")
        self._limits_um = limits_um if limits_um is not None else self._device_limits()

    @property
    def z_um(self) -> float:
        """Where the stage says that it is."""
        return self._ask(lambda: float(self._core.getPosition(self.label)), _ASK_S)

    @property
    def limits_um(self) -> tuple[float, float] | None:
        """Lowest and highest position, where they were given or the device tells them."""
        return self._limits_um

    def move_to(self, z_um: float, timeout_s: float) -> None:
        """Go to a position and return when the stage says that it is there."""
        if self._limits_um is not None and not self._limits_um[0] <= z_um <= self._limits_um[1]:
            low, high = self._limits_um
            raise StageError(f"expected a position from {low:g} to {high:g} um, got {z_um:g}")
        if not math.isfinite(z_um):
            raise StageError(f"expected a position in um, got {z_um}")
        deadline_s = self._clock.now_s() + timeout_s

        def move() -> None:
            self._core.setPosition(self.label, float(z_um))
            while self._core.deviceBusy(self.label) or not self._arrived(z_um):
                if self._clock.now_s() >= deadline_s:
                    at_um = self._core.getPosition(self.label)
                    raise StageTimeout(
                        f"expected the stage {self.label} at {z_um:g} um within {timeout_s:g} s, "
                        f"got it at {at_um:g} um: it sticks, or is too slow"
                    )
                self._clock.sleep(_POLL_S)

        self._ask(move, timeout_s + 0.5)

    def stop(self) -> None:
        """End a movement where it is; not all stages can, and this never raises."""
        with suppress(Exception):
            self._ask(lambda: self._core.stop(self.label), _ASK_S)

    def close(self) -> None:
        """End the thread that watches the driver."""
        self._watchdog.close()

    def _arrived(self, z_um: float) -> bool:
        return abs(self._core.getPosition(self.label) - z_um) <= ARRIVAL_UM

    def _device_limits(self) -> tuple[float, float] | None:
        def ask() -> tuple[float, float] | None:
            core, name = self._core, "Position"
            if core.hasProperty(self.label, name) and core.hasPropertyLimits(self.label, name):
                low = core.getPropertyLowerLimit(self.label, name)
                high = core.getPropertyUpperLimit(self.label, name)
                return (low, high) if low < high else None
            return None

        return self._ask(ask, _ASK_S)

    def _ask(self, function: Callable[[], Any], timeout_s: float) -> Any:
        def asked() -> Any:
            with said(f"the stage {self.label}", StageError):
                return function()

        return self._watchdog.call(asked, timeout_s, StageTimeout)


class MicroManagerMicroscope:
    """Camera and stage of a core, as the lock sees a microscope."""

    def __init__(
        self,
        core: Any,
        *,
        camera: str | None = None,
        stage: str | None = None,
        look: Look | None = None,
        limits_um: tuple[float, float] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Choose the devices; no setting is changed.

        Parameters
        ----------
        core
            A ``CMMCorePlus`` or ``UniMMCore`` with its devices loaded.
        camera, stage
            Labels of the devices; None: the core's current ones.
        look
            How pictures are taken.
        limits_um
            Lowest and highest position of the stage; None: what the device says, if it does.
        clock
            Time; None: the computer's.

        Raises
        ------
        LockError
            If the core has no such devices.
        """
        self.core: Any = core
        self.clock: Clock = clock or RealClock()
        camera = choose_device(core, camera, "Camera", core.getCameraDevice())
        stage = choose_device(core, stage, "Stage", core.getFocusDevice())
        look = look or Look()
        self._side_px = look.region_px
        if look.preset is not None:
            check_preset(core, *look.preset)
        self.camera = MicroManagerCamera(core, camera, look, self.clock)
        self.stage = MicroManagerStage(core, stage, self.clock, limits_um)
        self._region_before: tuple[int, int, int, int] | None = None

    def read_region(self) -> bool:
        """Let the camera read out no more than the lock looks at, until ``close``.

        That is faster, but only for a microscope that does nothing else meanwhile.

        Returns
        -------
        bool
            Whether it does; False: it cannot, or is small already, and stays as it was.
        """
        core, label, side = self.core, self.camera.label, self._side_px
        with suppress(Exception):
            x, y, width, height = (int(value) for value in core.getROI(label))
            if width <= side and height <= side:
                return False
            wide, high = min(width, side), min(height, side)
            core.setROI(label, x + (width - wide) // 2, y + (height - high) // 2, wide, high)
            self._region_before = (x, y, width, height)
            return True
        return False

    def hardware_focus_on(self) -> bool:
        """Whether the continuous focus of the core's autofocus device is on."""
        with said("the autofocus device", LockError):
            return bool(self.core.isContinuousFocusEnabled())

    def close(self) -> None:
        """Give the camera its region back, and end the threads that watch the devices."""
        if self._region_before is not None:
            with suppress(Exception):
                self.core.setROI(self.camera.label, *self._region_before)
            self._region_before = None
        self.camera.close()
        self.stage.close()


def open_microscope(
    config: str | Path,
    camera: str | None = None,
    stage: str | None = None,
    *,
    look: Look | None = None,
    limits_um: tuple[float, float] | None = None,
) -> MicroManagerMicroscope:
    """Start a core for the lock alone; the camera reads out only what the lock looks at.

    Parameters
    ----------
    config
        Micro-Manager's configuration file; ``simulated``: a chamber of yeast to try it on.
    camera, stage
        Labels of the devices; None: those that the configuration makes the current ones.
    look
        How pictures are taken.
    limits_um
        Lowest and highest position of the stage; None: what the device says, if it does.

    Raises
    ------
    ZfocusError
        If pymmcore-plus or a device is missing, or the configuration cannot be loaded.
    """
    microscope = MicroManagerMicroscope(
        _core(config), camera=camera, stage=stage, look=look, limits_um=limits_um
    )
    microscope.read_region()
    return microscope


def _core(config: str | Path) -> Any:
    if str(config) != "simulated":
        return load_core(config)
    from zfocus_model.zposition.lock.chamber import chamber_scope
    from zfocus_model.zposition.lock.devices import simulated_core

    return simulated_core(chamber_scope())
