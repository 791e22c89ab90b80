"""A simulated camera and focus stage as real Python devices of Micro-Manager's core.

``load_devices(core, scope)`` adds them to a core (``UniMMCore``). A configuration file can load
them, too; they then belong to the scope that ``use_scope`` set::

    #py pyDevice,Camera,zfocus_model.zposition.lock.devices,SimulatedCamera
    #py pyDevice,Focus,zfocus_model.zposition.lock.devices,SimulatedFocus
    #py Property,Core,Initialize,1
    #py Property,Core,Camera,Camera
    #py Property,Core,Focus,Focus

The classes ``SimulatedCamera``, ``SimulatedFocus`` and ``SimulatedTable`` (XY) are made when first
asked for: what they inherit from comes with the extra ``autofocus``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.mmcore import pymmcore_plus

CAMERA, FOCUS, TABLE = "Camera", "Focus", "XY"
"""Labels of the devices that ``load_devices`` adds."""
PIXEL_SIZE_UM = 0.24
"""Of the simulated camera: the grid of the z models."""

_shared: list[SimulatedScope] = []


def use_scope(scope: SimulatedScope) -> None:
    """Let devices that a configuration file loads from now on belong to this microscope."""
    _shared[:] = [scope]


def load_devices(core: Any, scope: SimulatedScope) -> None:
    """Add the simulated camera, focus and XY stage to a core and make them its current ones.

    Parameters
    ----------
    core
        A ``UniMMCore`` without devices of these labels.
    scope
        The microscope that they are parts of.
    """
    use_scope(scope)
    made = _classes()
    for label, name in (
        (CAMERA, "SimulatedCamera"),
        (FOCUS, "SimulatedFocus"),
        (TABLE, "SimulatedTable"),
    ):
        core.loadPyDevice(label, made[name]())
        core.initializeDevice(label)
    core.setCameraDevice(CAMERA)
    core.setFocusDevice(FOCUS)
    core.setXYStageDevice(TABLE)
    core.setAutoShutter(False)  # there is none
    core.definePixelSizeConfig("simulated")
    core.setPixelSizeUm("simulated", PIXEL_SIZE_UM)
    core.setPixelSizeConfig("simulated")


def simulated_core(scope: SimulatedScope) -> Any:
    """A core that has nothing but the simulated devices, and the scope's hardware focus.

    Python devices cannot be autofocus devices of this core, so that the core itself stands in for
    one: ``isContinuousFocusEnabled`` and its setter are the scope's ``continuous_focus``.
    """
    core = _classes()["SimulatedCore"]()
    core.scope = scope
    load_devices(core, scope)
    return core


def __getattr__(name: str) -> Any:
    """Find a device class, for a core that loads it by its name."""
    if name.startswith("Simulated") and name in (made := _classes()):
        return made[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _scope() -> SimulatedScope:
    if not _shared:
        raise ZfocusError(
            "expected a simulated microscope for the simulated devices, got none: call "
            "zfocus_model.zposition.lock.devices.use_scope(...) before the configuration is loaded"
        )
    return _shared[0]


@cache
def _classes() -> dict[str, Any]:
    unicore = pymmcore_plus("experimental.unicore")
    Camera: Any = unicore.CameraDevice
    Stage: Any = unicore.StageDevice
    XYStage: Any = unicore.XYStageDevice
    Core: Any = unicore.UniMMCore

    class SimulatedCamera(Camera):
        """The camera of a simulated microscope; its region can be set."""

        def __init__(self) -> None:
            Camera.__init__(self)
            self.scope = _scope()
            with_image = self.scope.image(0.0, self.scope.clock.now_s())
            self._full, self._dtype = with_image.shape, with_image.dtype
            self._roi = (0, 0, self._full[1], self._full[0])

        def get_exposure(self) -> float:
            """Exposure in ms."""
            return self.scope.exposure_s * 1e3

        def set_exposure(self, exposure: float) -> None:
            """Set the exposure in ms."""
            self.scope.exposure_s = exposure / 1e3

        def shape(self) -> tuple[int, int]:
            """Height and width of a picture."""
            return self._roi[3], self._roi[2]

        def dtype(self) -> Any:
            """Type of the pixels."""
            return self._dtype

        def get_roi(self) -> tuple[int, int, int, int]:
            """x, y, width and height of the region."""
            return self._roi

        def set_roi(self, x: int, y: int, width: int, height: int) -> None:
            """Read a region only."""
            tall, wide = self._full
            if not (0 <= x < x + width <= wide and 0 <= y < y + height <= tall):
                raise ValueError(f"region {(x, y, width, height)} is not on the sensor")
            self._roi = (x, y, width, height)

        def clear_roi(self) -> None:
            """Read the whole sensor."""
            self._roi = (0, 0, self._full[1], self._full[0])

        def start_sequence(
            self, n: int | None, get_buffer: Callable[[Sequence[int], Any], Any]
        ) -> Iterator[Mapping[str, Any]]:
            """Take pictures into the buffers of the core."""
            taken = 0
            while n is None or taken < n:
                x, y, width, height = self._roi
                pixels = self.scope.snap()[y : y + height, x : x + width]
                get_buffer(pixels.shape, self._dtype)[:] = pixels
                yield {}
                taken += 1

    class SimulatedFocus(Stage):
        """The focus stage of a simulated microscope."""

        def __init__(self) -> None:
            Stage.__init__(self)
            self.scope = _scope()
            self._direction = 0

        def home(self) -> None:
            """Go to 0."""
            self.scope.command(0.0)

        def stop(self) -> None:
            """Nothing: its moves are short."""

        def set_origin(self) -> None:
            """Not possible."""
            raise NotImplementedError("the simulated stage keeps its origin")

        def get_focus_direction(self) -> Any:
            """What was said of the direction toward the sample: 1, -1, or 0 for not known."""
            return pymmcore_plus().FocusDirection(self._direction)

        def set_focus_direction(self, sign: int) -> None:
            """Say which direction is toward the sample; changes nothing."""
            self._direction = int(sign)

        def busy(self) -> bool:
            """Whether it still moves."""
            return self.scope.busy()

        def get_position_um(self) -> float:
            """Where it says that it is."""
            return self.scope.reported_um

        def set_position_um(self, val: float) -> None:
            """Go to a position."""
            self.scope.command(float(val))
            self.core.events.stagePositionChanged.emit(self.get_label(), float(val))

    class SimulatedTable(XYStage):
        """The XY stage of a simulated microscope; it tells the scope where it is."""

        def __init__(self) -> None:
            XYStage.__init__(self)
            self.scope = _scope()

        def home(self) -> None:
            """Go to the origin."""
            self.scope.xy_um = (0.0, 0.0)

        def stop(self) -> None:
            """Nothing: it moves at once."""

        def set_origin_x(self) -> None:
            """Not possible."""
            raise NotImplementedError("the simulated stage keeps its origin")

        set_origin_y = set_origin_x

        def get_position_um(self) -> tuple[float, float]:
            """Where it is."""
            return self.scope.xy_um

        def set_position_um(self, x: float, y: float) -> None:
            """Go to a position."""
            self.scope.xy_um = (float(x), float(y))
            # Some samples take a while to draw; a new one is drawn while the stage moves.
            self.scope.image(0.0, self.scope.clock.now_s())
            self.core.events.XYStagePositionChanged.emit(self.get_label(), x, y)

    class SimulatedCore(Core):
        """A core with a continuous focus."""

        scope: SimulatedScope

        def isContinuousFocusEnabled(self) -> bool:
            """Whether the scope's own focus is on."""
            return self.scope.continuous_focus

        def enableContinuousFocus(self, enable: bool) -> None:
            """Switch the scope's own focus."""
            self.scope.continuous_focus = bool(enable)

    devices = (SimulatedCamera, SimulatedFocus, SimulatedTable)
    for kind in devices:  # what a core writes into a configuration must be found by name
        kind.__module__, kind.__qualname__ = __name__, kind.__name__
    return {kind.__name__: kind for kind in (*devices, SimulatedCore)}
