"""The words of ``zfocus zoo`` about packages and checks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model.packages import Z_TASK, Package
from zfocus_model.zoo.index import entry

if TYPE_CHECKING:
    from zfocus_model.zoo.check import Check


def one_line(name: str, package: Package) -> str:
    """Name, version, identity and place of a package."""
    return f"{name:28} {package.version:10} {package.sha256[:12]}  {package.source}"


def description(package: Package) -> str:
    """What a package is, for people.

    Parameters
    ----------
    package : Package
        The package.

    Returns
    -------
    str
        Lines.
    """
    about = entry(package)
    words = {
        "name": f"{package.name} {package.version}",
        "task": about["task"],
        "place": package.source,
        "package_sha256": package.sha256,
        "weights": f"{about['weights']:,}",
        "limits": _limits(package),
        "evaluation": about["evaluation"] or "none in the package",
    }
    lines = [f"{key:15} {value}" for key, value in words.items()]
    lines += [f"{'file':15} {digest[:12]}  {file}" for file, digest in package.files.items()]
    return "\n".join(lines)


def _limits(package: Package) -> str:
    if package.task == Z_TASK:
        from zfocus_model.zposition.model import limits_of

        z = limits_of(package)
        return (
            f"certainty_min {z.certainty_min:.4g}, second_mode_max {z.second_mode_max:.4g}, "
            f"sd_max_um {z.sd_max_um:.4g}"
        )
    limits = package.limits
    return f"certainty_min {limits.certainty_min:.4g}, in_focus_min {limits.in_focus_min:.4g}"


def report(checks: Sequence[Check]) -> str:
    """One line a check, and its warnings below it."""
    words = {True: "ok", False: "BAD", None: "left out"}
    lines: list[str] = []
    for check in checks:
        lines.append(f"{words[check.passed]:9}{check.name:22} {check.detail}")
        lines += [f"{'':9}warning: {warning}" for warning in check.warnings]
    return "\n".join(lines)


def written(archive: Path) -> str:
    """Path, size and checksum of an archive."""
    raw = archive.read_bytes()
    return f"{archive}: {len(raw) / 1e6:.2f} MB, sha256 {hashlib.sha256(raw).hexdigest()}"
