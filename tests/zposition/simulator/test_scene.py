from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.optics import Grid
from zfocus_model.zposition.simulator.recipes import recipe
from zfocus_model.zposition.simulator.scene import Scene

SMALL = replace(
    recipe("yeast", 0, 0, 1, seed=1),
    grid=Grid(64, 0.24),
    size_px=60,
    cell_radius_um=2.0,
    trap_pairs=0,
    posts=1,
)


def scene(seed: int = 1, cells: int = 4) -> Scene:
    return Scene(seed, cells=cells, drawn=SMALL, points=3)


def test_the_same_seed_gives_the_same_film() -> None:
    films: list[list[np.ndarray]] = []
    for _ in range(2):
        rng, one = np.random.default_rng(5), scene()
        film = [one.image(0, rng)]
        one.grow(8)
        one.drift_in(2)
        films.append([*film, one.image(2.5, rng), one.frame(-1, rng)])
    assert all(np.array_equal(a, b) for a, b in zip(*films))
    assert not np.array_equal(films[0][0], scene(2).image(0, np.random.default_rng(5)))


def test_the_scene_grows_and_never_shrinks() -> None:
    one = scene()
    before = one.intensity(3)
    one.grow(12)
    assert one.cells == 12
    assert np.abs(one.intensity(3) - before).max() > 0.05
    one.grow(5)
    assert one.cells == 12


def test_floating_cells_come_and_go() -> None:
    one = scene()
    alone = one.intensity(2)
    one.drift_in(3)
    assert np.abs(one.intensity(2) - alone).max() > 0.05
    assert one.cells == 4
    one.drift_in(0)
    assert np.allclose(one.intensity(2), alone, atol=1e-5)


def test_a_frame_is_the_image_seen_by_a_finer_camera() -> None:
    quiet = replace(SMALL, exposure=replace(SMALL.exposure, photoelectrons=1e9, dust=()))
    one = Scene(1, cells=5, drawn=quiet, points=3)
    rng = np.random.default_rng(0)
    frame, image = one.frame(3, rng), one.image(3, rng)
    assert frame.shape == (240, 240)
    assert frame.dtype == image.dtype == np.uint8
    coarse = frame.reshape(60, 4, 60, 4).mean((1, 3))
    assert np.abs(coarse - image).max() < 1.5
    noisy = Scene(1, cells=5, drawn=SMALL, points=3).frame(3, rng).astype(float)
    flat = noisy - frame
    # A pixel gets a sixteenth of the photons, and has four times the noise of their mean.
    mean = flat.reshape(60, 4, 60, 4).mean((1, 3))
    assert flat.std() == pytest.approx(4 * mean.std(), rel=0.25)


def test_the_height_of_focus_is_said() -> None:
    assert scene().focus_height_um == pytest.approx(2, abs=0.6)
    assert scene().pixel_size_um == 0.24


def test_a_scene_is_of_yeast() -> None:
    with pytest.raises(ZfocusError, match="at least 1 cell of yeast"):
        Scene(1, drawn=recipe("euglena", 0, 0, 1, seed=1))
