"""What every benchmark writes: results/<name>.json with the tables, the goals, commit and hardware.

A benchmark ends with `save(...)`; `tables.py` turns all results into docs/benchmarks.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

PACKAGES = ("numpy", "onnxruntime", "tensorflow", "keras", "scikit-image")


@dataclass(frozen=True)
class Table:
    """One table of a result: numbers are rounded where they are shown, not here."""

    title: str
    """What the rows are, in a few words."""
    columns: Sequence[str]
    """Headings, with units."""
    rows: Sequence[Sequence[Any]]
    """One entry a column; numbers, words or None (not measured)."""
    note: str = ""
    """A sentence below the table."""


@dataclass(frozen=True)
class Goal:
    """A number that the project wants to reach, and what was measured."""

    what: str
    """What is asked, with its limit, as a sentence."""
    measured: float
    """The number that the limit is compared with."""
    met: bool
    """Whether it was reached."""


def save(
    name: str,
    *,
    title: str,
    tables: Sequence[Table],
    goals: Sequence[Goal] = (),
    settings: dict[str, Any] | None = None,
    keep: bool = True,
) -> None:
    """Write results/<name>.json, unless told not to keep it, and print what was measured."""
    record = {
        "title": title,
        "command": " ".join(["python", Path(sys.argv[0]).resolve().relative_to(ROOT).as_posix()]),
        "commit": commit(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "hardware": hardware(),
        "software": software(),
        "settings": settings or {},
        "goals": [asdict(goal) for goal in goals],
        "tables": [asdict(table) for table in tables],
    }
    if keep:
        path = RESULTS / f"{name}.json"
        RESULTS.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    print(markdown(record))  # last: a reader that went away costs nothing


def asked(model: Any) -> dict[str, Any]:
    """What a result says of the model that was measured.

    ``package_sha256`` changes with every word of the card. ``answers_sha256`` covers what decides
    an answer (weights, layers, limits, formats), so results of two exports can be told to be of one
    model.
    """
    package = model.package
    config = {key: package.config[key] for key in ("levels", "patch_px", "status")}
    domain = (package.config.get("domain") or {}).get("out_of_domain_max")
    deciding = [
        config,
        domain,
        package.network,
        package.domain_network,
        [package.files.get(name) for name in ("weights.npz", "model.onnx", "domain.onnx")],
    ]
    answers = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    return {
        "model": model.name,
        "package_sha256": model.package_sha256,
        "answers_sha256": answers,
    }


def markdown(record: dict[str, Any]) -> str:
    """One result as a section of docs/benchmarks.md."""
    lines = [f"## {record['title']}", ""]
    if record["goals"]:
        lines += ["| goal | measured | |", "|---|---|---|"]
        for goal in record["goals"]:
            verdict = "met" if goal["met"] else "**missed**"
            lines.append(f"| {goal['what']} | {shown(goal['measured'])} | {verdict} |")
        lines.append("")
    for table in record["tables"]:
        lines += [f"**{table['title']}**", "", f"| {' | '.join(table['columns'])} |"]
        lines.append("|---" * len(table["columns"]) + "|")
        lines += [f"| {' | '.join(shown(value) for value in row)} |" for row in table["rows"]]
        lines.append("")
        if table["note"]:
            lines += [table["note"], ""]
    details = [f"{key}: {shown(value)}" for key, value in record["settings"].items()]
    details += record["hardware"].values()
    details += [f"{key} {value}" for key, value in record["software"].items()]
    source = f"`{record['command']}`, commit {record['commit']}, {record['date']}"
    return "\n".join([*lines, f"{source}. {'; '.join(details)}.", ""])


def shown(value: Any) -> str:
    """A number to three digits, as a reader wants it; anything else as it is."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def commit() -> str:
    """Short hash of the commit that is measured, with ``+`` if the code differs from it."""

    def git(*arguments: str) -> str:
        run = subprocess.run(
            ["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True
        )
        return run.stdout.strip()

    try:
        changed = git(
            "status", "--porcelain", "--untracked-files=no", "--", "zfocus_model", "model_zoo"
        )
        return git("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def hardware() -> dict[str, str]:
    """Processor, cores and memory of this machine."""
    processor = platform.processor() or platform.machine()
    memory = "memory unknown"
    cpuinfo, meminfo = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpuinfo.exists():
        models = [
            line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        processor = models[0].split(":", 1)[1].strip() if models else processor
    if meminfo.exists():
        kib = int(meminfo.read_text().split("MemTotal:")[1].split()[0])
        memory = f"{kib / 2**20:.0f} GiB of memory"
    return {
        "processor": processor,
        "cores": f"{os.cpu_count()} cores",
        "memory": memory,
        "system": f"{platform.system()} {platform.machine()}",
    }


def software() -> dict[str, str]:
    """Versions of Python and of what does the arithmetic."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
