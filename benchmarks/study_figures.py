"""One figure a study, from the results that studies.py keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Found = dict[str, Any]

LIMITS = (
    "One seed but for the baseline's three, and a budget far below the shipped model's: "
    "differences below twice the spread of the baseline's seeds say nothing, and what helps a "
    "short training need not help a long one."
)
_INK, _ACCENT = "#333333", "#0072b2"


def draw(found: Sequence[Found], folder: Path) -> list[Path]:
    """Write study-*.svg for every study that has results; return the paths."""
    by_study: dict[str, list[Found]] = {}
    for run in found:
        by_study.setdefault(run["study"], []).append(run)
    baseline = by_study.pop("baseline", [])
    folder.mkdir(parents=True, exist_ok=True)
    painters = {
        "images": _learning_curve,
        "without": _bars,
        "loss": _bars,
        "network": _sizes,
        "leave-one-out": _left_out,
    }
    return [
        _figure(folder / f"study-{study}.svg", painters[study], runs, baseline)
        for study, runs in by_study.items()
    ]


def _figure(path: Path, paint: Any, runs: list[Found], baseline: list[Found]) -> Path:
    import matplotlib as mpl

    mpl.use("Agg")
    # The same file from the same numbers: no date, no random names inside the SVG.
    mpl.rcParams["svg.hashsalt"] = "zfocus"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.0, 3.4), layout="constrained")
    paint(axes, runs, baseline)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


def _within_one(run: Found) -> float:
    return 100 * float(run["dev"]["within_one"])


def _band(axes: Any, baseline: list[Found], *, vertical: bool = False) -> None:
    """The spread of the baseline's seeds."""
    if not baseline:
        return
    values = [_within_one(run) for run in baseline]
    span, line = (axes.axvspan, axes.axvline) if vertical else (axes.axhspan, axes.axhline)
    span(min(values), max(values), color="#dddddd", label=f"baseline, {len(values)} seeds")
    line(float(np.mean(values)), color=_INK, linewidth=0.8)


def _learning_curve(axes: Any, runs: list[Found], baseline: list[Found]) -> None:
    runs = sorted([*runs, *baseline], key=lambda run: int(run["training_images"]))
    x = [run["training_images"] for run in runs]
    axes.semilogx(x, [_within_one(run) for run in runs], "o-", color=_ACCENT, label="dev sources")
    axes.set_ylabel("within one level, %")
    other = axes.twinx()
    other.plot(x, [run["held_out_loss"] for run in runs], "s:", color=_INK, label="held-out loss")
    other.plot(
        x, [run["training_loss"] for run in runs], "^:", color="#999999", label="training loss"
    )
    other.set_ylabel("ranked probability score")
    axes.axvline(384, color="#cccccc", linewidth=0.8)
    axes.annotate(
        "384, as published", (384, axes.get_ylim()[0]), rotation=90, fontsize=7, ha="right"
    )
    axes.set_xlabel("in-focus images to train on")
    shown = [axis.get_legend_handles_labels() for axis in (axes, other)]
    handles, labels = shown[0][0] + shown[1][0], shown[0][1] + shown[1][1]
    axes.legend(handles, labels, fontsize=8, loc="center right")


def _bars(axes: Any, runs: list[Found], baseline: list[Found]) -> None:
    _band(axes, baseline, vertical=True)
    names = [str(run["x"]) for run in runs]
    values = [_within_one(run) for run in runs]
    axes.barh(names, values, height=0.5, color=_ACCENT)
    lowest = min([*values, *map(_within_one, baseline)])
    axes.set_xlim(max(0, lowest - 3), 100)
    axes.set_xlabel("within one level, dev sources, %")
    prefix = "without" if runs[0]["study"] == "without" else runs[0]["study"]
    axes.set_ylabel(prefix)
    axes.legend(fontsize=8, loc="lower right")


def _sizes(axes: Any, runs: list[Found], baseline: list[Found]) -> None:
    for run in [*runs, *baseline]:
        x, y = run["multiply_adds"] / 1e6, _within_one(run)
        axes.semilogx([x], [y], "o", color=_INK if run in baseline else _ACCENT)
        if run not in baseline:
            axes.annotate(
                str(run["x"]), (x, y), textcoords="offset points", xytext=(6, 4), fontsize=8
            )
    axes.set_xlabel("million multiply-adds a patch (black: the small network, three seeds)")
    axes.set_ylabel("within one level, dev sources, %")


def _left_out(axes: Any, runs: list[Found], baseline: list[Found]) -> None:
    _band(axes, baseline, vertical=True)
    names = [str(run["leave_out"]).replace(",", ",\n") for run in runs]
    y = np.arange(len(runs))
    axes.barh(
        y - 0.18, [_within_one(run) for run in runs], 0.34, color=_ACCENT, label="dev sources"
    )
    left = [100 * float(run["left_out"]["within_one"]) for run in runs]
    axes.barh(y + 0.18, left, 0.34, color="#e69f00", label="the sources left out")
    axes.set_yticks(y, names, fontsize=7)
    axes.set_xlim(60, 100)
    axes.set_xlabel("within one level, %")
    axes.legend(fontsize=8, loc="lower left")
