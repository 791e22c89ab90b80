"""A few made-up stacks: spots that grow with the distance from focus and change their sign."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from zfocus_model.zposition.labels import StackLabel, write_labels

PLANES = 9


def spots(rng, side, z_um):
    """Spots on grey light, bright below focus, dark above it: (side, side) uint8."""
    image = np.full((side, side), 100.0)
    y, x = np.mgrid[:side, :side]
    for cy, cx in rng.uniform(5, side - 5, (6, 2)):
        radius = 2 + abs(z_um) / 4
        image -= np.sign(z_um) * 40 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / radius**2)
    return np.clip(image + rng.normal(0, 1, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def label_table(tmp_path_factory):
    """Label table of 6 stacks of 72 x 72 px in 3 experiments."""
    folder = tmp_path_factory.mktemp("stacks")
    rng = np.random.default_rng(3)
    labels = []
    for number in range(6):
        focus = 4.0 + 0.25 * (number % 3)
        planes = [spots(rng, 72, (plane - focus) * 4.0) for plane in range(PLANES)]
        name = f"stack{number}.tif"
        tifffile.imwrite(folder / name, np.stack(planes), metadata={"axes": "ZYX"})
        labels.append(
            StackLabel(name, f"day{number // 2}", PLANES, focus, 4.0, 0.24, 1, "simulated")
        )
    write_labels(folder / "labels.csv", labels)
    return folder / "labels.csv"
