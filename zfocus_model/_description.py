"""The parts of ``zfocus.json``, checked one by one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ModelError
from zfocus_model._package_files import is_safe_name
from zfocus_model.levels import DISC_PX_PER_LEVEL, LEVELS, PATCH_PX
from zfocus_model.rating import StatusLimits

DESCRIPTION = "zfocus.json"
"""The file that describes a package."""

MAX_DESCRIPTION_BYTES = 8 << 20
"""Largest description."""

Z_TASK = "z-position"
"""What packages are for that read the z-position of an image."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Meaning:
    """What goes into a network and what comes out, as its task and configuration say."""

    classes: int
    """How many probabilities an image gets."""
    patch_px: int | None
    """Side of the images that it takes; None: any from `smallest_px` on."""
    smallest_px: int
    """Shortest side that it takes."""
    limits: StatusLimits | None
    """The limits of a focus level's status; None: it tells none."""


def meaning(source: Path, task: str, config: dict[str, Any]) -> Meaning:
    """Check the part of ``config.zfocus`` that says what the numbers mean."""
    if task == Z_TASK:
        return _z_meaning(source, config)
    check_levels(source, config)
    return Meaning(LEVELS, PATCH_PX, PATCH_PX, status_limits(source, config))


def _z_meaning(source: Path, config: dict[str, Any]) -> Meaning:
    found: Any = config.get("bins_um")
    bins = [_number(value) for value in cast("list[Any]", found)] if isinstance(found, list) else []
    known = [value for value in bins if value is not None]
    steps = [high - low for low, high in zip(known, known[1:])]
    even = len(known) == len(bins) >= 3 and min(steps) > 0.999 * max(steps) > 0
    if not even:
        raise invalid(source, "bins_um must be at least three rising, evenly spaced centres in um")
    size = _number(config.get("pixel_size_um"))
    if size is None or size <= 0:
        raise invalid(source, f"pixel_size_um must be above 0, got {config.get('pixel_size_um')!r}")
    smallest = config.get("smallest_px")
    if not (isinstance(smallest, int) and 1 <= smallest <= 1 << 16):
        raise invalid(source, f"smallest_px must be a whole number, got {smallest!r}")
    status = as_object(source, config.get("status"), "config.zfocus.status")
    for key, most in (("certainty_min", 1.0), ("second_mode_max", 1.0), ("sd_max_um", 1e6)):
        value = _number(status.get(key))
        if value is None or not 0 <= value <= most:
            raise invalid(source, f"status.{key} must be 0 to {most:g}, got {status.get(key)!r}")
    return Meaning(len(bins), None, smallest, None)


def parse(source: Path, raw: bytes) -> Any:
    """Parse the bytes of a description."""
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise invalid(source, f"not JSON: {error}") from None


def as_object(source: Path, value: Any, what: str) -> dict[str, Any]:
    """Check that a value is a JSON object."""
    if not isinstance(value, dict):
        raise invalid(source, f"{what} must be an object")
    return cast("dict[str, Any]", value)


def check_levels(source: Path, config: dict[str, Any]) -> None:
    """Check that the model speaks of the same levels and patches as this code."""
    for key, expected in (
        ("levels", LEVELS),
        ("patch_px", PATCH_PX),
        ("disc_px_per_level", DISC_PX_PER_LEVEL),
    ):
        value = _number(config.get(key))
        if value is None or abs(value - expected) > 1e-3:
            raise invalid(source, f"{key} must be {expected:.6g}, got {config.get(key)!r}")


def listed_files(source: Path, about: dict[str, Any]) -> dict[str, str]:
    """Names and SHA-256 of the files that a description lists."""
    files = as_object(source, about.get("files"), "files")
    for file, digest in files.items():
        if not is_safe_name(file) or file == DESCRIPTION:
            raise invalid(source, f"files lists the name {file!r}, which no package file may have")
        if not (isinstance(digest, str) and _SHA256.fullmatch(digest)):
            raise invalid(source, f"files needs the SHA-256 of {file!r} in lower case")
    return files


def status_limits(source: Path, config: dict[str, Any]) -> StatusLimits:
    """Limits for status of a package."""
    status = as_object(source, config.get("status"), "config.zfocus.status")
    limits: dict[str, float] = {}
    for key in ("certainty_min", "in_focus_min"):
        value = _number(status.get(key))
        if value is None or not 0 <= value <= 1:
            raise invalid(source, f"status.{key} must be 0 to 1, got {status.get(key)!r}")
        limits[key] = value
    return StatusLimits(**limits, out_of_domain_max=_domain_limit(source, config))


def _domain_limit(source: Path, config: dict[str, Any]) -> float | None:
    domain = config.get("domain")
    if domain is None:
        return None
    limit = _number(as_object(source, domain, "config.zfocus.domain").get("out_of_domain_max"))
    # A constant patch has 0.5: it is blank, and must not count as foreign.
    if limit is None or not 0.5 <= limit <= 1:
        raise invalid(source, "domain.out_of_domain_max must be 0.5 to 1")
    return limit


def network_layers(
    source: Path, about: dict[str, Any], key: str = "network"
) -> tuple[dict[str, Any], ...]:
    """Layers of a network; none if it is not described."""
    layers: Any = about.get(key, [])
    if not isinstance(layers, list):
        raise invalid(source, f"{key} must be a list of layers")
    return tuple(as_object(source, layer, "a layer") for layer in cast("list[Any]", layers))


def _number(value: Any) -> float | None:
    # JSON as Python reads it may hold NaN, infinity and integers beyond any float.
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9:
        return float(value)
    return None


def invalid(source: Path, why: str) -> ModelError:
    """Error that says why a description cannot be used."""
    return ModelError(
        f"expected a valid {DESCRIPTION} in {source} ({why}): export or fetch the package again"
    )
