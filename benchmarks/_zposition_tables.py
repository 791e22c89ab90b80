"""The tables of the study of z-positions: results/zposition_study.json, for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _record import Goal, Table, save
from _zposition_figures import Found, only, read_results
from _zposition_runs import all_runs

LIMITS = (
    "Simulated stacks. One seed but for the baseline's, and a budget far below that of the shipped "
    "model: differences below twice the spread of the baseline's seeds say nothing."
)
ADVANTAGES = (
    "Each score is used with the published study's two advantages: an oracle tells the side of "
    "the extremum, and the extremum of the image's own stack is known. The network has neither."
)
SIMULATED = "The annotators are simulated (zfocus_model/zposition/annotators.py): no person chose."


def report(kept: Path, *, keep: bool) -> bool:
    """Print and save the tables of what there is; False if there is nothing."""
    found = read_results(kept)
    if not found:
        return False
    order = [run.name for run in all_runs()]
    trainings = sorted(
        (run for run in found if run["name"] in order), key=lambda run: order.index(run["name"])
    )
    makers = (_shipped, _failures, _annotators, _scores, _photons, _retest)
    tables = [_trainings(trainings)] if trainings else []
    tables += [table for maker in makers for table in maker(found)]
    save(
        "zposition_study",
        title="z-position: the published study on simulated stacks",
        tables=tables,
        goals=_goals(trainings),
        settings={"CPU hours": sum(run["cpu_s"] for run in found) / 3600},
        keep=keep,
    )
    return True


def _goals(trainings: Sequence[Found]) -> list[Goal]:
    baseline = only(trainings, "baseline-0")
    if baseline is None:
        return []
    share = 100 * baseline["test"]["argmax"]["within_1um"]
    bias = abs(baseline["test"]["argmax"]["bias_um"])
    return [
        Goal("the paper's figure, here at the study's small budget: 50 % of the planes within "
             "1 um", share, share >= 50),
        Goal("mean bias below 0.1 um at the study's small budget", bias, bias < 0.1),
    ]  # fmt: skip


def _trainings(runs: Sequence[Found]) -> Table:
    rows = []
    for run in runs:
        test = run["test"]
        low, high = test["argmax"]["within_1um_interval"]
        rows.append(
            [
                run["name"],
                run["training_stacks"] + run["validation_stacks"],
                run["images_shown"],
                f"{run['parameters']:,}",
                run["multiply_adds"] / 1e6,
                100 * test["argmax"]["within_1um"],
                f"{100 * low:.1f} to {100 * high:.1f}",
                100 * test["within_a_bin"],
                test["argmax"]["mean_absolute_um"],
                test["expected"]["mean_absolute_um"],
                test["argmax"]["mean_square_um2"] ** 0.5,
                test["argmax"]["bias_um"],
                100 * test["argmax"]["beyond_5um"],
                test["best_plane"]["mean_absolute_um"],
                run["cpu_s"] / 60,
            ]
        )
    return Table(
        "trainings, graded on the test split (other experiments)",
        [
            "run",
            "stacks",
            "crops of the smallest side",
            "parameters",
            "million multiply-adds",
            "within 1 um, %",
            "95 %",
            "within a bin, %",
            "mean error, um",
            "of the mean of the distribution, um",
            "root mean square, um",
            "bias, um",
            "beyond 5 um, %",
            "best plane: mean error, um",
            "CPU minutes",
        ],
        rows,
        LIMITS,
    )


def _shipped(found: Sequence[Found]) -> list[Table]:
    run = only(found, "shipped")
    if run is None:
        return []
    rows = []
    for words, key in (("highest bin", "argmax"), ("mean of the distribution", "expected")):
        scores = run["test"][key]
        low, high = (100 * end for end in scores["within_1um_interval"])
        rows.append(
            [
                words,
                100 * scores["within_1um"],
                f"{low:.1f} to {high:.1f}",
                scores["mean_absolute_um"],
                scores["bias_um"],
                scores["mean_square_um2"] ** 0.5,
                100 * scores["beyond_5um"],
            ]
        )
    columns = ["reading", "within 1 um, %", "95 %", "mean error, um", "bias, um"]
    columns += ["root mean square, um", "beyond 5 um, %"]
    return [Table("the shipped model on the same test split", columns, rows)]


def _failures(found: Sequence[Found]) -> list[Table]:
    run = only(found, "failures")
    if run is None:
        return []
    rows = [
        [
            f"{case['case']}: {case['words']}",
            case["planes"],
            100 * case["wrong"],
            100 * case["wrong_and_decided"],
            100 * (1 - case["decided"]),
            *(100 * case["reasons"][reason] for reason in ("bimodal", "broad", "edge")),
            _percent(case["wrong_with_second_mode"]),
        ]
        for case in run["cases"]
    ]
    columns = ["case", "planes", "wrong, %", "wrong and decided, %", "undecided, %", "bimodal, %"]
    columns += ["broad, %", "edge, %", "wrong, but the second mode is right, %"]
    note = "Wrong: more than 5 um off; beyond the bins, any answer. Limits: calibrated, held out."
    return [Table("failure cases, and what the reading says itself", columns, rows, note)]


def _annotators(found: Sequence[Found]) -> list[Table]:
    run = only(found, "annotators")
    if run is None:
        return []
    rows = [_chooser("shipped model", run["network"], None)]
    rows += [_chooser(f"score: {name}", entry, None) for name, entry in run["scores"].items()]
    rows += [
        _chooser(f"simulated: {person['character']['name']}", person, person)
        for person in run["simulated_annotators"]
    ]
    columns = ["who", "best plane: bias, um", "sd, um", "mean error, um", "chosen twice: sd, um"]
    columns += ["single image: bias, um", "sd, um", "mean error, um", "judged twice: sd, um"]
    title = "best plane of a stack, and z of 100 single images"
    return [Table(title, columns, rows, f"{SIMULATED} {ADVANTAGES}")]


def _chooser(name: str, entry: Any, person: Any) -> list[Any]:
    best, single = entry["best_plane"], entry["single_image"]
    again = (person or {}).get("best_plane_retest_sd_um")
    alone = (person or {}).get("single_image_retest_sd_um")
    return [
        name,
        *(best[key] for key in ("bias_um", "sd_um", "mean_absolute_um")),
        again,
        *(single[key] for key in ("bias_um", "sd_um", "mean_absolute_um")),
        alone,
    ]


def _scores(found: Sequence[Found]) -> list[Table]:
    run = only(found, "scores")
    if run is None:
        return []
    rows = [
        [
            name,
            *(entry[end][key] for end in ("highest", "lowest") for key in ("bias_um", "sd_um")),
            entry["extremum"],
            entry["focus"]["mean_absolute_um"],
            100 * entry["single_image"]["within_1um"],
            entry["single_image"]["mean_absolute_um"],
        ]
        for name, entry in run["scores"].items()
    ]
    columns = ["score", "maximum at, um", "sd, um", "minimum at, um", "sd, um", "steadier"]
    columns += ["focus from it: mean error, um", "single image: within 1 um, %", "mean error, um"]
    side = 100 * run["lopsidedness"]["side_right"]
    note = (
        f"{ADVANTAGES} The skewness of the pixels, which needs neither, tells the side of focus "
        f"of {side:.0f} % of the planes that are 1 um off or more."
    )
    return [Table("classical scores on the test split", columns, rows, note)]


def _photons(found: Sequence[Found]) -> list[Table]:
    run = only(found, "photons")
    if run is None:
        return []
    rows = [
        [
            "as they are" if row["photons"] is None else f"{row['photons']:,.0f}",
            100 * row["argmax"]["within_1um"],
            row["argmax"]["mean_absolute_um"],
            row["argmax"]["bias_um"],
        ]
        for row in run["rows"]
    ]
    columns = ["photons a pixel", "within 1 um, %", "mean error, um", "bias, um"]
    return [Table("noise added to test planes", columns, rows)]


def _retest(found: Sequence[Found]) -> list[Table]:
    run = only(found, "retest")
    if run is None:
        return []
    rows = [
        [row["change"], row["sd_um"], row["largest_um"], 100 * row["same_bin"]]
        for row in run["rows"]
    ]
    columns = ["change", "sd of one reading, um", "largest change, um", "same bin, %"]
    return [Table("the same plane read again", columns, rows, "Of the mean of the distribution.")]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
