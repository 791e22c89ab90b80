"""How right the through-focus simulator is, how like real yeast, and how fast.

Physics of weak and absorbing objects and the independent program waveorder (where installed: see
`nox -s waveorder`); what the grid and the number of source points cost; contrast, skewness and
radial profiles of posts through focus beside the real stacks of yeast in traps (training split
only; 5 planes, spacing said to be about 0.6 um and not verified); seconds and bytes.
Options: --quick (few stacks, print only).
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from _record import ROOT, Goal, Table, save
from numpy.typing import NDArray

from zfocus_model.zposition.simulator.dataset import write_stacks
from zfocus_model.zposition.simulator.optics import Grid, Optics
from zfocus_model.zposition.simulator.recipes import make, recipe, recipes_of, specimen_fields
from zfocus_model.zposition.simulator.scene import Scene
from zfocus_model.zposition.simulator.systems import Recipe
from zfocus_model.zposition.simulator.waves import Slices, exit_fields, picture

REAL = Path(os.environ.get("ZFOCUS_DATA") or ROOT.parent / "shared" / "data")
SEED = 20181116
CROP_PX, REAL_PIXEL_UM, REAL_STEP_UM = 81, 0.263, 0.6
AWAY_UM = (-12.0, -6.0, -2.0, 0.0, 2.0, 6.0, 12.0)
RADII_UM = np.arange(0.25, 4.5, 0.5)

Image = NDArray[np.floating]


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few stacks, print only")
    quick = parser.parse_args().quick
    speed, speed_goals = timings(4 if quick else 40)
    tables = [physics(), approximations()]
    if (REAL / "train" / "baby_yeast_bf").is_dir():
        tables += beside_real(6 if quick else 24)
    save(
        "zposition_simulator",
        title="z-position: the through-focus simulator",
        tables=[*tables, speed],
        goals=speed_goals,
        settings={"seed": str(SEED)},
        keep=not quick,
    )


def physics() -> Table:
    """What theory asks of thin objects."""
    grid, optics = Grid(128, 0.24), Optics(na=0.9, condenser_na=0.3)
    y = (np.arange(128) - 64) * 0.24
    far = np.hypot(y[:, None], y[None, :])
    dome = np.sqrt(np.maximum(0, 1 - (far / 2.5) ** 2))
    disc = 1 / (1 + np.exp((far - 1.5) / 0.3))

    def through(index: Image, absorbance: Image) -> list[Image]:
        slices = Slices(index[None].astype("f4"), 0.1, absorbance[None].astype("f4"))
        fields = exit_fields(slices, optics, grid, height_um=0.05)
        return [picture(fields, z_um) for z_um in (-4.0, 0.0, 4.0)]

    phase, loss = through(0.05 * dome, 0 * disc), through(0 * disc, 0.1 * disc)
    ball = Slices(np.repeat((0.045 * dome)[None], 5, 0).astype("f4"), 1.0)
    fields = exit_fields(ball, optics, grid, height_um=2.5)
    strong = [float(picture(fields, z_um)[64, 64]) for z_um in (-6.0, 6.0)]
    rows: list[tuple[object, ...]] = [
        (
            "weak phase object: contrast at focus over that 4 um above",
            float(phase[1].std() / phase[2].std()),
            "0",
        ),
        (
            "weak phase object: correlation of 4 um below and 4 um above",
            correlation(phase[0], phase[2]),
            "-1",
        ),
        (
            "absorbing object: contrast 4 um below over that at focus",
            float(loss[0].std() / loss[1].std()),
            "< 1",
        ),
        (
            "absorbing object: contrast 4 um above over that at focus",
            float(loss[2].std() / loss[1].std()),
            "< 1",
        ),
        (
            "absorbing object: intensity in the middle at focus",
            float(loss[1][64, 64]),
            f"{math.exp(-0.1):.3f}",
        ),
        (
            "mean intensity through focus, phase object: largest change",
            float(np.ptp([image.mean() for image in phase])),
            "0",
        ),
        ("strong phase object (2.6 rad): middle 6 um below", strong[0], "> 1"),
        ("strong phase object (2.6 rad): middle 6 um above", strong[1], "< 1"),
    ]
    try:
        rows += waveorder()
    except ImportError:
        rows.append(("waveorder: not installed here", None, ""))
    return Table("Physics: thin objects through focus", ["what", "measured", "theory"], rows)


def waveorder() -> list[tuple[object, ...]]:
    """Linear images of a weak phase object by the package waveorder, beside ours."""
    from waveorder import optics as other  # pyright: ignore[reportMissingImports]

    grid, optics = Grid(64, 0.24), Optics(na=0.9, condenser_na=0.4, points=200)
    fy, fx = grid.frequencies()
    fyy, fxx = np.broadcast_arrays(fy, fx)
    source = (np.hypot(fy, fx) <= 0.4 / optics.wavelength_um).astype(float)
    aperture = other.gen_Pupil(fxx, fyy, 0.9, optics.wavelength_um)
    phase = 1e-3 * np.random.default_rng(SEED).standard_normal((64, 64))
    index = phase * optics.wavelength_um / (2 * math.pi * 1e-3)
    fields = exit_fields(Slices(index[None].astype("f4"), 1e-3), optics, grid)
    shown = np.sinc(fy * grid.pixel_size_um) * np.sinc(fx * grid.pixel_size_um)
    rows: list[tuple[object, ...]] = []
    for z_um in (1.0, 2.0, 4.0):
        inside = optics.wavelength_um / optics.medium_index
        lens = other.gen_Hz_stack(fxx, fyy, aperture, inside, np.array([-z_um]))[..., 0]
        transfer = other.WOTF_2D_compute(source, lens)[1]
        expected = np.fft.ifft2(np.fft.fft2(phase) * transfer).real
        ours = np.fft.ifft2(np.fft.fft2(picture(fields, z_um).astype(float) - 1) / shown).real
        rows.append((f"waveorder, z {z_um:g} um: correlation", correlation(ours, expected), "1"))
        slope = float((ours * expected).sum() / (expected**2).sum())
        rows.append((f"waveorder, z {z_um:g} um: slope", slope, "1"))
    return rows


def approximations() -> Table:
    """What 18 points of the source and the coarse grid cost, on a field of yeast."""
    drawn = recipe("yeast", 3, 30, 86, SEED)

    def images(changed: Recipe) -> list[Image]:
        fields, *_ = specimen_fields(changed, np.random.default_rng(changed.seed))
        return [picture(fields, z_um) for z_um in AWAY_UM]

    usual = images(drawn)
    many = images(replace(drawn, optics=replace(drawn.optics, points=150)))
    fine = images(replace(drawn, grid=Grid(512, 0.12)))
    binned = [image.reshape(256, 2, 256, 2).mean((1, 3)) for image in fine]
    rows = [
        (z_um, unlike(a, b), float(a.std() / b.std()), unlike(a, c), float(a.std() / c.std()))
        for z_um, a, b, c in zip(AWAY_UM, usual, many, binned)
    ]
    return Table(
        "Approximations: rms difference over contrast, and ratio of contrasts",
        ["z, um", "18 points for 150", "ratio", "0.24 um/px for 0.12", "ratio"],
        rows,
        "The finer grid is averaged to 0.24 um/px, as a camera's pixels are.",
    )


def beside_real(fields: int) -> list[Table]:
    """The same numbers of real and of simulated yeast in traps."""
    real = [aligned(stack) for stack in real_stacks()]
    simulated = [aligned(stack) for stack in simulated_crops(fields)]
    rows: list[tuple[object, ...]] = []
    for step in (-2, -1, 0, 1, 2):
        row: list[object] = [step]
        for measure in (contrast, skewness, roughness):
            for stacks in (real, simulated):
                values = [measure(stack[step]) for stack in stacks if step in stack]
                row.append(spread(values))
        rows.append(tuple(row))
    columns = ["plane"]
    for name in ("contrast", "skewness", "difference of neighbours over contrast"):
        columns += [f"{name}, real", f"{name}, simulated"]
    profiles: dict[str, dict[str, list[Image]]] = defaultdict(lambda: defaultdict(list))
    for name, stacks in (("real", real), ("simulated", simulated)):
        for stack in stacks:
            first, last = stack[min(stack)], stack[max(stack)]
            place = brightest(first)
            if skewness(first) > 0 and min(stack) < 0 < max(stack):
                profiles[name]["below"].append(profile(first, place))
                profiles[name]["above"].append(profile(last, place))
    lines = [
        (
            float(radius),
            *(
                spread([line[number] for line in profiles[name][side]])
                for side in ("below", "above")
                for name in ("real", "simulated")
            ),
        )
        for number, radius in enumerate(RADII_UM)
    ]
    return [
        Table(
            "Yeast in traps through focus, real and simulated: median (5th to 95th percentile)",
            columns,
            rows,
            f"Planes count from that of least contrast; {len(real)} real stacks (training split), "
            f"{len(simulated)} simulated crops, {CROP_PX} px, {REAL_STEP_UM} um apart.",
        ),
        Table(
            "Radial profile of what is brightest below focus (a post or a cell), background 1",
            ["radius, um", "below, real", "below, simulated", "above, real", "above, simulated"],
            lines,
            "The lowest and the highest plane of each stack; median (5th to 95th percentile).",
        ),
    ]


def real_stacks() -> list[Image]:
    """Stacks of 5 planes of the training split, background 1."""
    import imageio.v3 as iio

    found: list[Image] = []
    for first in sorted((REAL / "train" / "baby_yeast_bf").glob("*_z0.png")):
        names = [first.with_name(first.name.replace("_z0", f"_z{k}")) for k in range(5)]
        stack = np.stack([np.asarray(iio.imread(name), float) for name in names])
        found.append(stack / np.median(stack, (1, 2), keepdims=True))
    return found


def simulated_crops(fields: int) -> list[Image]:
    """Crops around traps that hold cells, 5 planes like the real ones, focus at any of them."""
    rng = np.random.default_rng(SEED)
    found: list[Image] = []
    for number in range(fields):
        drawn = recipe("yeast", number % 5, number // 5, max(1, fields // 5), SEED)
        drawn = replace(
            drawn,
            grid=Grid(256, REAL_PIXEL_UM),
            planes=5,
            z_step_um=REAL_STEP_UM,
            in_focus_plane=float(rng.uniform(1.0, 2.5)),
            cells=40,
            trap_pairs=4,
            posts=0,
        )
        stack = make(drawn).planes.astype(float)
        stack /= np.median(stack, (1, 2), keepdims=True)
        y, x = brightest(stack[0][41:-41, 41:-41])
        found.append(stack[:, y : y + CROP_PX, x : x + CROP_PX])
    return found


def aligned(stack: Image) -> dict[int, Image]:
    """Planes by their distance from the one of least contrast."""
    least = int(np.argmin([contrast(plane) for plane in stack]))
    return {number - least: plane for number, plane in enumerate(stack)}


def timings(stacks: int) -> tuple[Table, list[Goal]]:
    """Seconds and bytes, on this machine as it is."""
    recipes = recipes_of("yeast", 431, SEED)[:: 431 // stacks][:stacks]
    with tempfile.TemporaryDirectory() as folder:
        start, before = time.perf_counter(), os.times()
        write_stacks(Path(folder, "set"), recipes, processes=2)
        each, after = (time.perf_counter() - start) / len(recipes), os.times()
        cpu = after.children_user - before.children_user
        cpu = (cpu + after.children_system - before.children_system) / len(recipes)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.tif")) / len(recipes)
    scene, rng = Scene(SEED, cells=60), np.random.default_rng(SEED)
    image = milliseconds(lambda: scene.image(1.0, rng))
    frame = milliseconds(lambda: scene.frame(1.0, rng))

    def changed() -> None:
        scene.drift_in(2)
        scene.image(0.0, rng)

    fresh = milliseconds(changed, 3)
    minutes, gigabytes = 431 * each / 60, 431 * size / 1e9
    rows: list[tuple[object, ...]] = [
        ("a stack of 31 planes of 250 x 250 px, two processes, s", each),
        ("the same, s of one processor", cpu),
        ("431 stacks, two processes, min", minutes),
        ("431 stacks, GB", gigabytes),
        ("one live image of 250 x 250 px, ms", image),
        ("one live frame of 1000 x 1000 px, ms", frame),
        ("a live image after the cells have changed, ms", fresh),
    ]
    goals = [
        Goal(
            "431 stacks of 31 planes with one command take at most 1 GB", gigabytes, gigabytes <= 1
        ),
        Goal("431 stacks take at most 6 minutes on two cores", minutes, minutes <= 6),
        Goal("a live image takes at most 40 ms", image, image <= 40),
    ]
    note = (
        f"Measured on {len(recipes)} stacks spread over the whole set, start of processes included."
    )
    return Table("Speed and size", ["what", "measured"], rows, note), goals


def milliseconds(call: Callable[[], object], times: int = 15) -> float:
    """Median of a few calls, after one that is not counted."""
    call()
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def contrast(image: Image) -> float:
    """Standard deviation over mean."""
    return float(image.std() / image.mean())


def skewness(image: Image) -> float:
    """Positive: bright spots on an even background."""
    off = image - image.mean()
    return float((off**3).mean() / off.std() ** 3)


def roughness(image: Image) -> float:
    """Mean difference of neighbours over the standard deviation: how fine the detail is."""
    return float(np.abs(np.diff(image, axis=0)).mean() / image.std())


def brightest(image: Image) -> tuple[int, int]:
    """Middle of the brightest square of 1.8 um."""
    sums = np.pad(image, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    box = sums[7:, 7:] - sums[:-7, 7:] - sums[7:, :-7] + sums[:-7, :-7]
    y, x = np.unravel_index(int(box.argmax()), box.shape)
    return int(y) + 3, int(x) + 3


def profile(image: Image, place: tuple[int, int]) -> Image:
    """Mean over rings around a place."""
    y, x = np.indices(image.shape)
    far = np.hypot(y - place[0], x - place[1]) * REAL_PIXEL_UM
    rings = [(far >= radius - 0.25) & (far < radius + 0.25) for radius in RADII_UM]
    return np.array([image[ring].mean() for ring in rings])


def correlation(a: Image, b: Image) -> float:
    """Pearson's."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def unlike(image: Image, truth: Image) -> float:
    """Rms difference over the standard deviation of the truth."""
    return float(np.sqrt(((image - truth) ** 2).mean()) / truth.std())


def spread(values: list[float]) -> str:
    """Median and the middle nine tenths."""
    if not values:
        return ""
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
