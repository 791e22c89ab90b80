"""Which images does the shipped model call out of domain: false alarms, and what it recognises.

False alarms: every fluorescence image of the dev split as stored, through focus where there is a
stack, empty wells; and sharp ones defocused to levels 0 to 10, with 50 to 20,000 photons. Out of
the domain: transmitted light of the dev split, and dev fluorescence images that were inverted,
compressed or enlarged as a whole. Shares of held-out training images are in the package. Needs the
image collection (ZFOCUS_DATA, else ../shared/data). Options: --model PATH, --quick (print only).
"""

from __future__ import annotations

import argparse
import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _record import Goal, Table, asked, save
from PIL import Image

import zfocus_model
from zfocus_model.images import open_image
from zfocus_model.training.graded import graded_images

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
TRANSMITTED = ("bright-field", "phase", "coherent")
SEED = 20261121
CROP_PX = 504
PATCH_PX = 84


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    limit = model.package.limits.out_of_domain_max
    if limit is None or model.domain_engine is None:
        raise SystemExit(f"expected a model with a domain network, got {model.package.source}")
    inside: dict[str, list[float]] = defaultdict(list)
    outside: dict[str, list[float]] = defaultdict(list)
    with (DATA / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "dev"]
    for row in rows:
        plane = pixels(row)
        if row["modality"].startswith(TRANSMITTED):
            small = min(plane.shape) < PATCH_PX
            # A single cell a picture, less than a patch: enlarged twice, to be rated at all.
            name = f"{row['source']}{', enlarged twice' if small else ''}"
            outside[name].append(score(model, enlarged(plane, 2, "BICUBIC") if small else plane))
            continue
        inside[f"{row['source']}, {row['role'].replace('_', ' ')}"].append(score(model, plane))
        if row["role"] == "in_focus":
            rng = np.random.default_rng([SEED, *row["path"].encode()])
            corner = plane[:CROP_PX, :CROP_PX]
            photons = float(np.exp(rng.uniform(np.log(50), np.log(20_000))))
            for _, counts in graded_images(corner, rng, peak_photons=photons):
                inside[f"{row['source']}, levels 0 to 10"].append(score(model, np.rint(counts)))
            for name, spoiled in spoils(corner.astype(np.float32)):
                outside[name].append(score(model, spoiled))
    alarms = np.concatenate([np.array(found) for found in inside.values()]) > limit
    save(
        "domain",
        title="Images out of the domain",
        tables=[
            table("False alarms: fluorescence of the dev split", inside, limit),
            table("Recognised: images out of the domain", outside, limit),
        ],
        goals=[
            Goal(
                "at most 2 % of the fluorescence images called out of domain, %",
                100 * float(alarms.mean()),
                bool(alarms.mean() <= 0.02),
            )
        ],
        settings={
            **asked(model),
            "limit of the score": limit,
        },
        keep=not arguments.quick,
    )


def score(model: Any, plane: np.ndarray) -> float:
    """Out-of-domain score; -1 if nothing can be rated."""
    found = model.rate(plane).out_of_domain
    return -1.0 if found is None else found


def pixels(row: dict[str, str]) -> np.ndarray:
    """The one plane of a file of the collection."""
    with open_image(DATA / row["path"]) as file:
        return file.read(0).pixels


def spoils(plane: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A sharp image, spoiled in the ways that are asked for."""
    yield "inverted", plane.max() - plane
    low, high = np.percentile(plane, (0.1, 99.9))
    grey = np.clip((plane - low) / max(float(high - low), 1e-6) * 255, 0, 255).astype(np.uint8)
    for quality in (2, 5, 10):
        stream = io.BytesIO()
        Image.fromarray(grey).save(stream, "JPEG", quality=quality)
        yield f"JPEG, quality {quality}", np.asarray(Image.open(stream))
    part = plane[: CROP_PX // 4, : CROP_PX // 4]
    yield "pixels repeated 4 x 4 times", enlarged(part, 4, "NEAREST")
    yield "pixels repeated 8 x 8 times", enlarged(part, 8, "NEAREST")
    yield "interpolated 8 x 8 times, bicubic", enlarged(part, 8, "BICUBIC")


def enlarged(plane: np.ndarray, times: int, how: str) -> np.ndarray:
    """The plane, resampled to more pixels."""
    height, width = plane.shape
    picture = Image.fromarray(np.asarray(plane, np.float32))
    return np.asarray(picture.resize((times * width, times * height), Image.Resampling[how]))


def table(title: str, scores: dict[str, list[float]], limit: float) -> Table:
    """Share above the limit and the scores themselves, by kind."""
    rows = []
    for name, found in sorted(scores.items()):
        values = np.array(found)
        above = 100 * float((values > limit).mean())
        low, middle, high = (float(v) for v in np.percentile(values, (5, 50, 95)))
        rows.append([name, len(values), above, low, middle, high])
    columns = ["images", "number", "called out of domain, %"]
    return Table(title, [*columns, "score: 5th percentile", "median", "95th"], rows)


if __name__ == "__main__":
    main()
