"""Small made-up data sets: fields of cells, a manifest of them, and a copy of BBBC006's layout."""

from __future__ import annotations

import csv

import imageio.v3 as imageio
import numpy as np
import pytest

from zfocus_model.camera import photograph
from zfocus_model.model import load_model
from zfocus_model.optics import defocus
from zfocus_model.scenes import field


def save(path, picture, rng):
    path.parent.mkdir(parents=True, exist_ok=True)
    imageio.imwrite(path, photograph(picture, rng=rng).astype(np.uint16))


@pytest.fixture(scope="session")
def model(package_folder):
    """A small random model: what it says is wrong, but always the same."""
    return load_model(package_folder, engine="numpy")


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    """Two sources of sharp fields, one blurred and one blank image, and a stack of three planes."""
    rng = np.random.default_rng(11)
    root = tmp_path_factory.mktemp("images")
    rows = []

    def add(name, source, role, picture, **columns):
        save(root / name, picture, rng)
        rows.append({"path": name, "source": source, "role": role, **columns})

    for source, kind, count in (("old", "nuclei", 2), ("new", "filaments", 3)):
        for number in range(count):
            picture = field(rng, (180, 190), kind)
            add(f"{source}_{number}.png", source, "in_focus", picture, split="dev")
    sharp = field(rng, (100, 100), "nuclei")
    add("far.png", "new", "out_of_focus", defocus(sharp, level=9), split="dev")
    add("blank.png", "new", "blank", field(rng, (100, 100), "blank"), split="dev")
    for z, level in enumerate((4, 0, 4)):
        place = {"stack_id": "s", "z_index": 5 + z, "z_um": 8.0 * (z - 1), "split": "dev"}
        add(f"stack_{z}.png", "new", "stack", defocus(sharp, level=level), **place)
    rows.append({"path": "trained.png", "source": "old", "role": "in_focus", "split": "train"})
    with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        names = ["split", "path", "source", "role", "stack_id", "z_index", "z_um"]
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
    return root / "manifest.csv"


@pytest.fixture(scope="session")
def small_bbbc006(tmp_path_factory):
    """The layout of BBBC006: two wells, two stains, five of the 34 planes."""
    rng = np.random.default_rng(6)
    root = tmp_path_factory.mktemp("data")
    for well in ("a01", "p24"):
        for channel, kind in (("w1", "nuclei"), ("w2", "filaments")):
            sharp = field(rng, (90, 100), kind)
            for plane in (0, 14, 16, 17, 33):
                folder = root / "bbbc006" / f"BBBC006_v1_images_z_{plane:02d}"
                name = f"mcf-z-stacks-03212011_{well}_s2_{channel}0f3a-11e0.tif"
                save(folder / name, defocus(sharp, level=min(10, abs(plane - 16))), rng)
    return root
