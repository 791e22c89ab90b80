"""Collect real images out of the fluorescence domain, for ``zfocus train-domain``.

Photographs, stained sections and print come with scikit-image and scikit-learn, transmitted light
with the project's images (split ``train`` only). Everything is listed in one manifest whose column
``source`` is the kind; grey copies of the libraries' images lie beside it.

    python benchmarks/domain_material.py -o material
"""

from __future__ import annotations

import argparse
import csv
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

PHOTOGRAPHS, HISTOLOGY, TEXT = "photographs", "histology", "text"
TRANSMITTED = "transmitted light"
PUBLIC = "public domain or CC0 (scikit-image data)"
SCIKIT_IMAGE = {
    "astronaut.png": PHOTOGRAPHS,
    "brick.png": PHOTOGRAPHS,
    "camera.png": PHOTOGRAPHS,
    "chelsea.png": PHOTOGRAPHS,
    "clock_motion.png": PHOTOGRAPHS,
    "coffee.png": PHOTOGRAPHS,
    "coins.png": PHOTOGRAPHS,
    "grass.png": PHOTOGRAPHS,
    "gravel.png": PHOTOGRAPHS,
    "moon.png": PHOTOGRAPHS,
    "motorcycle_left.png": PHOTOGRAPHS,
    "retina.jpg": PHOTOGRAPHS,
    "rocket.jpg": PHOTOGRAPHS,
    "ihc.png": HISTOLOGY,
    "cell.png": TRANSMITTED,
    "page.png": TEXT,
    "text.png": TEXT,
}
SMALLEST_PX = 84
SCIKIT_LEARN = {"china.jpg": PHOTOGRAPHS, "flower.jpg": PHOTOGRAPHS}


def main() -> None:
    """Write the grey copies and the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    for package, folder, names, licence in (
        ("skimage", "data", SCIKIT_IMAGE, PUBLIC),
        ("sklearn", "datasets/images", SCIKIT_LEARN, "CC-BY (scikit-learn data)"),
    ):
        for name, kind in names.items():
            rows += _copies(output, _folder(package) / folder / name, kind, licence)
    rows += _transmitted(output)
    with (output / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["path", "source", "licence"])
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} images in {output / 'manifest.csv'}")


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"expected the package {package}, found none: install it")
    return Path(spec.origin).parent


def _copies(output: Path, path: Path, kind: str, licence: str) -> list[dict[str, str]]:
    """Grey copy of a library's image."""
    from PIL import Image

    grey = np.asarray(Image.open(path).convert("RGB"), np.float32).mean(-1)
    name = f"{path.stem}.png"
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(output / name)
    return [{"path": name, "source": kind, "licence": licence}]


def _transmitted(output: Path) -> list[dict[str, str]]:
    """Rows of bright field and phase contrast out of the project's training images."""
    data = Path(os.environ.get("ZFOCUS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "train"]
    found: list[dict[str, str]] = []
    for row in rows:
        if not row["modality"].startswith(("bright", "phase")):
            continue
        place = data / row["path"]
        if min(int(row["h"]), int(row["w"])) < SMALLEST_PX:
            # A single cell a picture: enlarged, it fills a patch.
            from PIL import Image

            with Image.open(place) as picture:
                twice = [2 * side for side in picture.size]
                grey = Image.fromarray(np.asarray(picture, np.float32))
            place = output / f"{place.stem}-twice.tif"
            grey.resize(twice, Image.Resampling.BICUBIC).save(place)
        found.append(
            {
                "path": os.path.relpath(place, output),
                "source": TRANSMITTED,
                "licence": row["licence"],
            }
        )
    return found


if __name__ == "__main__":
    main()
