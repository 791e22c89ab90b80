"""The z model that we ship, on simulated yeast of seeds that no training saw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zfocus_model.packages import find_package
from zfocus_model.zposition.model import DEFAULT_Z_MODEL, load_z_model
from zfocus_model.zposition.simulator.recipes import make, recipe

PACKAGE = Path(__file__).resolve().parents[2] / "model_zoo" / "zposition-yeast"
Z_UM = np.arange(-9.0, 10.0, 3.0)


@pytest.fixture(scope="module")
def model():
    return load_z_model()


@pytest.fixture(scope="module")
def stacks():
    """Seven planes 3 um apart of each of four experiments, 20 to 150 cells."""
    drawn = [recipe("yeast", number, age, 40, 424242) for number, age in enumerate((6, 14, 22, 30))]
    return [make(replace(one, planes=7, z_step_um=3.0, in_focus_plane=3.0)).planes for one in drawn]


@pytest.fixture(scope="module")
def readings(model, stacks):
    return [model.locate_stack(planes, downsampling=1) for planes in stacks]


def test_it_is_the_default_and_is_found_by_name(model):
    assert model.name == DEFAULT_Z_MODEL
    assert find_package(DEFAULT_Z_MODEL) == PACKAGE


def test_most_planes_are_within_1_um_and_the_side_is_right(readings):
    errors, decided = [], 0
    for stack in readings:
        for found, z_um in zip(stack, Z_UM.tolist()):
            decided += found.decided
            if found.decided:
                errors.append(found.z_um - z_um)
                assert z_um == 0 or found.z_um * z_um > 0
    assert decided >= 22
    assert np.mean(np.abs(errors) <= 1) >= 0.8


def test_camera_and_crop_hardly_matter(model, stacks):
    plane = stacks[2][1].astype(np.uint16)
    before = model.locate(plane, downsampling=1)
    brighter = model.locate(40 * plane + 1000, downsampling=1)
    assert np.abs(brighter.probabilities - before.probabilities).max() < 1e-4
    finer = model.locate(np.kron(plane, np.ones((4, 4), np.uint16)), pixel_size_um=0.06)
    assert np.abs(finer.probabilities - before.probabilities).max() < 1e-4
    for turned in (plane[::-1], plane.T):
        assert abs(model.locate(turned, downsampling=1).z_um - before.z_um) <= 1


def test_constant_images_are_blank_and_noise_is_undecided(model, rng):
    assert model.locate(np.full((250, 250), 100, np.uint8), downsampling=1).reason == "blank"
    noise = rng.poisson(300, (250, 250))
    assert model.locate(noise, downsampling=1).status == "undecided"


def test_both_engines_agree(stacks):
    pytest.importorskip("onnxruntime")
    first, second = (load_z_model(engine=engine) for engine in ("onnxruntime", "numpy"))
    for planes in stacks[:2]:
        images = planes[::3].astype(np.float32)
        one, other = (model.engine.probabilities(images) for model in (first, second))
        assert np.abs(one - other).max() < 1e-4


def test_the_card_names_what_it_is_for():
    about = json.loads((PACKAGE / "zfocus.json").read_text(encoding="utf-8"))
    config = about["config"]["zfocus"]
    assert "not stated" not in config["card"].values()
    assert config["evaluation"]
    assert (len(config["bins_um"]), config["pixel_size_um"]) == (41, 0.24)
    assert sum(path.stat().st_size for path in PACKAGE.iterdir()) < 4_000_000
