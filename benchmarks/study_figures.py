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


MEASURES = {"within_one": "within one level, %", "rps": "ranked probability score (less is better)"}


def draw(found: Sequence[Found], folder: Path, missing: Sequence[Found] = ()) -> list[Path]:
    """Write study-*.svg for every study that has results; return the paths.

    Runs of the studies that have not been made are named below the picture.
    """
    by_study: dict[str, list[Found]] = {}
    for run in found:
        by_study.setdefault(run["study"], []).append(run)
    baseline = by_study.pop("baseline", [])
    folder.mkdir(parents=True, exist_ok=True)
    painters = {
        "images": _learning_curve,
        "without": _dots,
        "loss": _dots,
        "network": _sizes,
        "leave-one-out": _left_out,
    }
    return [
        _figure(
            folder / f"study-{study}.svg",
            painters[study],
            sorted(runs, key=_order),
            baseline,
            [str(run["x"]) for run in missing if run["study"] == study],
        )
        for study, runs in by_study.items()
    ]


def _figure(
    path: Path, paint: Any, runs: list[Found], baseline: list[Found], missing: list[str]
) -> Path:
    import matplotlib as mpl

    mpl.use("Agg")
    # The same file from the same numbers: no date, no random names inside the SVG.
    mpl.rcParams["svg.hashsalt"] = "zfocus"
    from matplotlib import pyplot

    plt: Any = pyplot  # its types are partly unknown

    listed = paint in (_dots, _left_out)
    height = 1.4 + 0.4 * len(runs) if listed else 3.6
    figure, panels = plt.subplots(1, 2, figsize=(8.6, height), layout="constrained", sharey=listed)
    for axes, measure in zip(panels, MEASURES):
        paint(axes, runs, baseline, measure)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, loc="outside upper left", ncols=4, frameon=False)
    if missing:
        figure.supxlabel(f"not trained yet: {', '.join(missing)}", fontsize=7, color=_INK)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


def _order(run: Found) -> float:
    """By effort where there is one, else as studies.py lists them."""
    return float(run["images"] or run["multiply_adds"])


def _value(run: Found, measure: str, part: str = "dev") -> float:
    return (100 if measure == "within_one" else 1) * float(run[part][measure])


def _band(axes: Any, baseline: list[Found], measure: str, *, vertical: bool = False) -> None:
    """The spread of the baseline's seeds."""
    if not baseline:
        return
    values = [_value(run, measure) for run in baseline]
    span, line = (axes.axvspan, axes.axvline) if vertical else (axes.axhspan, axes.axhline)
    if len(values) > 1:
        span(min(values), max(values), color="#dddddd", label=f"baseline, {len(values)} seeds")
        line(float(np.mean(values)), color=_INK, linewidth=0.8)
    else:
        line(values[0], color=_INK, linewidth=0.8, label="baseline, 1 seed")


def _learning_curve(axes: Any, runs: list[Found], baseline: list[Found], measure: str) -> None:
    runs = [*runs, *baseline]
    x = sorted({int(run["training_images"]) for run in runs})

    def line(values: list[float], style: str, **look: Any) -> None:
        """Through the mean of the seeds, each of them a mark."""
        of = {
            count: [v for v, run in zip(values, runs) if run["training_images"] == count]
            for count in x
        }
        axes.semilogx(x, [float(np.mean(of[count])) for count in x], style[1:], color=look["color"])
        axes.plot([run["training_images"] for run in runs], values, style[0], **look)

    line([_value(run, measure) for run in runs], "o-", color=_ACCENT, label="dev, images")
    if measure == "rps":
        held, trained = ([run[name] for run in runs] for name in ("held_out_loss", "training_loss"))
        line(held, "s:", color=_INK, label="held out, patches")
        line(trained, "^:", color="#999999", label="trained on, patches")
    axes.axvline(384, color="#cccccc", linewidth=0.8, label="384, as published")
    _plain(axes, sorted({*x, 384}))
    axes.set_xlabel("in-focus images to train on", fontsize=8)
    axes.set_ylabel(MEASURES[measure], fontsize=8)


def _dots(axes: Any, runs: list[Found], baseline: list[Found], measure: str) -> None:
    _band(axes, baseline, measure, vertical=True)
    y = np.arange(len(runs))[::-1]
    prefix = "without " if runs[0]["study"] == "without" else ""
    axes.plot([_value(run, measure) for run in runs], y, "o", color=_ACCENT, label="one seed")
    axes.set_yticks(y, [prefix + str(run["x"]) for run in runs], fontsize=8)
    axes.set_ylim(-0.6, len(runs) - 0.4)
    axes.set_xlabel(f"{MEASURES[measure]}, dev", fontsize=8)


def _sizes(axes: Any, runs: list[Found], baseline: list[Found], measure: str) -> None:
    for number, run in enumerate([*baseline, *runs]):
        x, y = run["multiply_adds"] / 1e6, _value(run, measure)
        small = run in baseline
        label = f"small (baseline), {len(baseline)} seeds" if small and number == 0 else None
        axes.semilogx([x], [y], "o", color=_INK if small else _ACCENT, label=label)
        if not small:
            axes.annotate(
                str(run["x"]), (x, y), textcoords="offset points", xytext=(6, 4), fontsize=8
            )
    _plain(axes, sorted({round(run["multiply_adds"] / 1e6, 1) for run in [*runs, *baseline]}))
    axes.set_xlabel("million multiply-adds a patch", fontsize=8)
    axes.set_ylabel(f"{MEASURES[measure]}, dev", fontsize=8)


def _left_out(axes: Any, runs: list[Found], baseline: list[Found], measure: str) -> None:
    _band(axes, baseline, measure, vertical=True)
    y = np.arange(len(runs))[::-1]
    dev, left = ([_value(run, measure, part) for run in runs] for part in ("dev", "left_out"))
    axes.plot(dev, y, "o", color=_ACCENT, label="dev")
    axes.plot(left, y, "D", color="#e69f00", label="the sources left out")
    names = [str(run["leave_out"]).replace(",", ",\n") for run in runs]
    axes.set_yticks(y, names, fontsize=7)
    axes.set_ylim(-0.6, len(runs) - 0.4)
    axes.set_xlabel(MEASURES[measure], fontsize=8)


def _plain(axes: Any, values: Sequence[float]) -> None:
    """Mark these values on the logarithmic axis, as plain numbers."""
    axes.set_xticks(values, [f"{value:g}" for value in values], fontsize=7)
    axes.minorticks_off()
