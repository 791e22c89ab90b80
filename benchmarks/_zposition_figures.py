"""The figures of the study of z-positions, each with the paper's statement below it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _zposition_drawing import Panel, Point, curves, distributions, probability_map, ranges
from _zposition_statements import PAPER

Found = dict[str, Any]


def draw(kept: Path, folder: Path) -> list[Path]:
    """Write zposition-*.svg for everything that has results; return the paths."""
    found = read_results(kept)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, paint in PAINTERS.items():
        picture = paint(found)
        if picture is not None:
            path = folder / f"zposition-{name}.svg"
            path.write_text(picture, encoding="utf-8")
            paths.append(path)
    return paths


def read_results(kept: Path) -> list[Found]:
    """All results, trainings and measurements."""
    files = sorted(kept.glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in files]


def of_study(found: Sequence[Found], *studies: str) -> list[Found]:
    """Results of some studies."""
    return [run for run in found if run["study"] in studies]


def only(found: Sequence[Found], name: str) -> Found | None:
    """A result by its name."""
    return next((run for run in found if run["name"] == name), None)


def percent(run: Found, x: float, decoding: str = "argmax") -> Point:
    """Share within 1 um."""
    scores = run["test"][decoding]
    low, high = scores["within_1um_interval"]
    return Point(x, 100 * scores["within_1um"], 100 * low, 100 * high)


def root_mean_square(run: Found, x: float, decoding: str = "argmax") -> Point:
    """Root mean square error in um."""
    scores = run["test"][decoding]
    low, high = scores["mean_square_um2_interval"]
    return Point(x, scores["mean_square_um2"] ** 0.5, low**0.5, high**0.5)


def swept(
    study: str,
    baseline_x: float | None,
    title: str,
    x_label: str,
    *,
    error: bool = True,
    **more: Any,
) -> Callable[[Sequence[Found]], str | None]:
    """A figure of one setting: every run of the study, and the baseline's seeds at their place."""

    def paint(found: Sequence[Found]) -> str | None:
        runs = of_study(found, study)
        if not runs:
            return None
        placed = [(float(run["x"]), run) for run in runs]
        words = "one seed a point"
        if baseline_x is not None:
            baseline = of_study(found, "baseline")
            placed += [(baseline_x, run) for run in baseline]
            words += f", {len(baseline)} at {baseline_x:g}"
        placed.sort(key=lambda pair: pair[0])
        return curves(
            title,
            {
                "highest bin": [root_mean_square(run, x) for x, run in placed],
                "mean of the distribution": [
                    root_mean_square(run, x, "expected") for x, run in placed
                ],
            },
            x_label=x_label,
            y_label="root mean square error, um",
            x_ticks=sorted({x for x, _ in placed}),
            statement=f"{PAPER[study]} Ours: {words}; bars: "
            "95 %, test stacks drawn anew. The budget is small: see the text.",
            **more,
        )

    return paint


def confusion(name: str, title: str, statement: str) -> Callable[[Sequence[Found]], str | None]:
    """A map of one run."""

    def paint(found: Sequence[Found]) -> str | None:
        run = only(found, name)
        if run is None:
            return None
        map_ = run["test"]["confusion"]
        return probability_map(
            title, map_["true_um"], map_["bins_um"], map_["mean_probability"], statement=statement
        )

    return paint


def by_z(found: Sequence[Found]) -> str | None:
    """Mean and spread of the error at each z."""
    series = {}
    for name, words in (
        ("shipped", "shipped model"),
        ("baseline-0", "the study's baseline"),
        ("published", "published network"),
    ):
        run = only(found, name)
        if run is not None:
            series[words] = [
                Point(
                    row["z_um"],
                    row["mean_um"],
                    row["mean_um"] - row["sd_um"],
                    row["mean_um"] + row["sd_um"],
                )
                for row in run["test"]["by_z"]
                if row["planes"] >= 5
            ]
    if not any(series.values()):
        return None
    return curves(
        "Error against true z (bars: 1 standard deviation)",
        series,
        x_label="true z, um",
        y_label="inferred less true z, um",
        x_ticks=range(-15, 16, 5),
        statement=PAPER["by-z"],
    )


def people(kind: str, title: str) -> Callable[[Sequence[Found]], str | None]:
    """Mean and spread of the choices of the network, of scores and of simulated annotators."""

    def paint(found: Sequence[Found]) -> str | None:
        run = only(found, "annotators")
        if run is None:
            return None
        rows = [("shipped model", run["network"][kind], True)]
        rows += [(f"score: {n}", s[kind], False) for n, s in run["scores"].items()]
        rows += [
            (f"simulated: {p['character']['name']}", p[kind], False)
            for p in run["simulated_annotators"]
        ]
        return ranges(
            title,
            [(name, scores["bias_um"], scores["sd_um"], ours) for name, scores, ours in rows],
            x_label="error, um: mean and standard deviation",
            statement=PAPER["people"] + SCORE_WORDS[kind],
        )

    return paint


SCORE_WORDS = {
    "best_plane": " Scores: their extremum, moved by its usual distance from focus.",
    "single_image": " Scores: profile inverted, with two advantages: an oracle tells the side of "
    "the extremum, and the extremum of the image's own stack is known.",
}


def scores(found: Sequence[Found]) -> str | None:
    """Profiles of the scores that are shown."""
    run = only(found, "scores")
    if run is None:
        return None
    chosen = [name for name in run["shown"] if name in run["scores"]]
    return curves(
        "Classical scores through focus (bars: 1 standard deviation)",
        {
            name.replace("_", " "): [
                Point(
                    row["z_um"],
                    row["mean"],
                    row["mean"] - row["sd"],
                    row["mean"] + row["sd"],
                )
                for row in run["scores"][name]["profile"]
                if abs(row["z_um"]) <= 15
            ]
            for name in chosen
        },
        x_label="true z, um",
        y_label="share of its highest value in the stack",
        x_ticks=range(-15, 16, 5),
        statement=PAPER["scores"],
    )


def photons(found: Sequence[Found]) -> str | None:
    """Accuracy against light."""
    run = only(found, "photons")
    if run is None:
        return None
    rows = [row for row in run["rows"] if row["photons"] is not None]
    most = next(row for row in run["rows"] if row["photons"] is None)
    return curves(
        "Fewer photons",
        {
            "highest bin": [
                percent({"test": {"argmax": row["argmax"]}}, row["photons"]) for row in rows
            ],
            "mean of the distribution": [
                percent({"test": {"expected": row["expected"]}}, row["photons"], "expected")
                for row in rows
            ],
        },
        x_label="photons a pixel of the 4x grid, on average",
        y_label="planes within 1 um, %",
        logarithmic=True,
        y_range=(0, 105),
        statement=f"{PAPER['photons']} As they are: {100 * most['argmax']['within_1um']:.1f} %.",
    )


def failures(found: Sequence[Found]) -> str | None:
    """Distributions of cases that the paper's network failed on."""
    run = only(found, "failures")
    if run is None:
        return None
    rows = [
        [
            Panel(
                f"{case['case']}: {case['words']}",
                example["reason"],
                example["probabilities"],
                example["z_um"],
                example["mode2_um"],
            )
            for example in case["examples"]
        ]
        for case in run["cases"]
    ]
    return distributions(
        "Failure cases: probabilities of z, -20 to 20 um",
        run["bins_um"],
        rows,
        statement=PAPER["failures"],
    )


PAINTERS: dict[str, Callable[[Sequence[Found]], str | None]] = {
    "confusion": confusion("shipped", "Inferred z: the shipped model", PAPER["confusion"]),
    "confusion-5um": confusion("bins-5um", "Bins of 5 um", PAPER["bins"]),
    "published": confusion("published", "The published network", PAPER["confusion"]),
    "second-system": confusion("second-system", "A second system", PAPER["second"]),
    "by-z": by_z,
    "stacks": swept(
        "stacks", 345, "Training stacks", "stacks", logarithmic=True, marks={"paper: knee": 100}
    ),
    "bins": swept("bins", 1, "Width of the bins", "um"),
    "batch": swept("batch", 64, "Batch size", "crops a step"),
    "sampling": swept("sampling", None, "Down-sampling", "times"),
    "labels": swept("labels", 0, "Wrong labels", "largest shift of a training stack's label, um"),
    "best-plane": people("best_plane", "Best plane of a stack"),
    "single-image": people("single_image", "z of a single image"),
    "scores": scores,
    "photons": photons,
    "failures": failures,
}
"""Figure by name; None: nothing to draw yet."""
