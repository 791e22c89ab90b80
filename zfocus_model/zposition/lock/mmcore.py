"""Start Micro-Manager's core (pymmcore-plus), choose its devices, word its complaints."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.protocol import LockError


def pymmcore_plus(module: str = "") -> Any:
    """A module of pymmcore-plus; "" is the package itself."""
    try:
        return import_module(f"pymmcore_plus.{module}".rstrip("."))
    except ImportError:
        raise ZfocusError(
            "expected pymmcore-plus, which is not installed: pip install 'zfocus[autofocus]'"
        ) from None


def load_core(config: str | Path) -> Any:
    """Start a core with a Micro-Manager configuration; lines ``#py`` load Python devices.

    Parameters
    ----------
    config
        The .cfg file; a bare name is looked up beside Micro-Manager's drivers, too.

    Raises
    ------
    ZfocusError
        If pymmcore-plus is missing, or the configuration cannot be loaded.
    """
    core = pymmcore_plus("experimental.unicore").UniMMCore()
    try:
        with said(f"configuration {config}", ZfocusError):
            core.loadSystemConfiguration(str(config))
    except ZfocusError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise ZfocusError(
                f"expected a Micro-Manager configuration, got no file {config}: give its path"
            ) from None
        raise
    return core


@contextmanager
def said(what: str, kind: type[ZfocusError]) -> Generator[None]:
    """Raise whatever a core or a driver raises as one error of one line."""
    try:
        yield
    except ZfocusError:
        raise
    except Exception as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise kind(f"{what}, says Micro-Manager: {message}") from error


def choose_device(core: Any, wanted: str | None, kind: str, current: str) -> str:
    """Find a device of a kind, "Camera" or "Stage": the wanted one, else the current one."""
    kinds = pymmcore_plus().DeviceType
    there: tuple[str, ...] = tuple(core.getLoadedDevicesOfType(getattr(kinds, kind)))
    named = wanted or current
    if named in there:
        return named
    noun = "camera" if kind == "Camera" else "focus stage"
    listed = ", ".join(there) or "none"
    got = f"{named!r}" if named else "none that is set"
    raise LockError(f"expected a {noun} of the configuration ({listed}), got {got}")


def check_preset(core: Any, group: str, preset: str) -> None:
    """Refuse a preset that the configuration does not have."""
    presets = tuple(core.getAvailableConfigs(group))
    if preset not in presets:
        where = ", ".join(presets or tuple(core.getAvailableConfigGroups())) or "none"
        what = f"a preset of {group}" if presets else "a configuration group"
        got = preset if presets else group
        raise LockError(f"expected {what} ({where}), got {got!r}")
