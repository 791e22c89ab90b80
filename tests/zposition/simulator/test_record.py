from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.zposition.simulator.record import Exposure, some_dust


def test_even_light_gives_the_background() -> None:
    exposure = Exposure(background=120, photoelectrons=1e9)
    light = exposure.light(20, 30)
    counts = exposure.record(np.ones((3, 20, 30), np.float32), light, np.random.default_rng(0))
    assert counts.dtype == np.uint8
    assert (counts.shape, counts.min(), counts.max()) == ((3, 20, 30), 120, 120)


def test_counts_end_at_0_and_255() -> None:
    exposure = Exposure(background=120, photoelectrons=1e9)
    bright = np.array([[0.0, 1.0, 5.0]], np.float32)
    counts = exposure.record(bright, np.ones((1, 3), np.float32), np.random.default_rng(0))
    assert counts.tolist() == [[0, 120, 255]]


def test_noise_is_that_of_photons() -> None:
    exposure = Exposure(background=100, photoelectrons=400)
    rng = np.random.default_rng(0)
    ones = np.ones((200, 200), np.float32)
    full, half = (exposure.record(share * ones, ones, rng).astype(float) for share in (1.0, 0.25))
    assert full.std() == pytest.approx(5, rel=0.03)
    assert half.std() == pytest.approx(2.5, rel=0.03)


def test_light_falls_off_as_told() -> None:
    light = Exposure(slope=(0.2, 0.0)).light(50, 40)
    assert light[0].max() == light[0].min() == pytest.approx(0.902)
    assert light[-1, 0] == pytest.approx(1.098)
    corner = Exposure(vignette=0.1).light(51, 51)
    assert corner[25, 25] - corner[0, 0] == pytest.approx(0.1, abs=0.01)


def test_a_speck_of_dust_is_dark_where_it_lies() -> None:
    light = Exposure(dust=((0.25, 0.75, 0.1, 0.2),)).light(40, 40)
    assert light[10, 30] == pytest.approx(0.8, abs=0.01)
    assert light[30, 10] == pytest.approx(1, abs=1e-3)
    assert len(some_dust(np.random.default_rng(0), 3)) == 3
