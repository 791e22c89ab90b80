from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation import runner
from zfocus_model.evaluation.grading import graded_images
from zfocus_model.evaluation.manifest import list_entries
from zfocus_model.evaluation.runner import Item, Settings, items_of, rate_items


def test_a_sharp_image_is_rated_as_taken_and_graded_and_a_stack_whole(manifest):
    items = items_of(list_entries(manifest, ["split=dev"]), ["paraxial"])
    kinds = [(item.role, item.simulator, len(item.entries)) for item in items]
    assert kinds.count(("in_focus", "", 1)) == kinds.count(("in_focus", "paraxial", 1)) == 5
    assert kinds[-1] == ("stack", "", 3)


def test_ratings_are_those_of_the_model(manifest, model, tmp_path):
    entries = list_entries(manifest, ["path=far.png,new_0.png"])
    items = items_of(entries, ["paraxial"])
    rated, failures = rate_items(items, model, tmp_path)
    assert failures == []
    far = next(one for one in rated if one.item.role == "out_of_focus")
    from zfocus_model.images import open_image

    with open_image(far.item.entries[0].path) as file:
        expected = model.rate(file.read(0).pixels)
    assert np.allclose(far.rated.probabilities[0], expected.probabilities)
    graded = next(one for one in rated if one.item.simulator)
    assert graded.rated.true.tolist() == list(range(11))
    assert graded.rated.field.tolist() == [0] * 11
    assert len(graded.rated.patch_true) == 11 * 4  # 180 x 190 px: four patches
    assert not len(far.rated.patch_true)


def test_channels_of_an_image_are_one_field(model, tmp_path):
    import tifffile

    pixels = np.random.default_rng(0).poisson(50, (2, 90, 100)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "two.ome.tif", pixels, metadata={"axes": "CYX"})
    items = items_of(list_entries(tmp_path), ["paraxial"])
    taken, graded = (one.rated for one in rate_items(items, model, tmp_path / "kept")[0])
    assert taken.field.tolist() == [0, 0]
    assert graded.field.tolist() == [0] * 22


def test_what_was_rated_is_not_rated_again(manifest, model, tmp_path, monkeypatch):
    items = items_of(list_entries(manifest, ["path=new_0.png,stack_*"]), ["paraxial"])
    first, _ = rate_items(items, model, tmp_path)
    calls = []
    monkeypatch.setattr(runner, "_prepare", lambda *given: calls.append(given))
    again, _ = rate_items(items, model, tmp_path)
    assert calls == []
    for a, b in zip(first, again):
        assert np.array_equal(a.rated.probabilities, b.rated.probabilities, equal_nan=True)


def test_other_noise_is_another_item(manifest, model, tmp_path):
    (item,) = [i for i in items_of(list_entries(manifest, ["path=new_0.png"]), ["paraxial"])
               if i.simulator]  # fmt: skip
    (dim,), _ = rate_items([item], model, tmp_path, Settings(peak_photons=20))
    (bright,), _ = rate_items([item], model, tmp_path)
    assert not np.allclose(dim.rated.probabilities, bright.rated.probabilities)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_a_changed_simulator_is_not_taken_for_the_one_that_was_rated(
    manifest, model, tmp_path, monkeypatch
):
    items = items_of(list_entries(manifest, ["path=new_0.png"]), ["paraxial"])
    rated, _ = rate_items(items, model, tmp_path)
    forgetful = {"paraxial": lambda image, level, rng: image + 0.0}  # the same name, other code
    monkeypatch.setattr(runner, "simulator", forgetful.__getitem__)
    changed, _ = rate_items(items, model, tmp_path)
    for before, after in zip(rated, changed):
        same = np.allclose(before.rated.probabilities, after.rated.probabilities)
        assert same == (not before.item.simulator)
    assert len(list(tmp_path.glob("*.npz"))) == 3  # the image as it was taken was not rated again


@pytest.mark.parametrize("photons", [-5, 0, 9.9, 50_001, 1e9, float("nan"), float("inf")])
def test_photons_that_show_nothing_or_saturate_are_refused(photons):
    with pytest.raises(ZfocusError, match="expected 10 to 50,000 photons"):
        Settings(peak_photons=photons)


@pytest.mark.parametrize("photons", [10, 50_000])
def test_a_camera_is_below_saturation_at_the_limits(photons, rng):
    picture = np.linspace(0, 1, 4000).reshape(40, 100)
    for _, counts in graded_images(picture, rng, peak_photons=photons):
        assert counts.max() < 2**16 - 1


def test_an_unreadable_file_is_one_line_and_the_rest_is_rated(manifest, model, tmp_path):
    entries = list_entries(manifest, ["path=far.png"])
    gone = replace(entries[0], path=entries[0].path.with_name("gone.png"), name="gone.png")
    rated, failures = rate_items([Item((gone,)), Item((entries[0],))], model, tmp_path)
    assert len(rated) == 1
    assert [failure.name for failure in failures] == ["gone.png"]
    assert "No such file" in failures[0].error


def test_all_copies_show_the_specimen_that_the_simulator_made_up():
    """A simulator draws alike at each level; the camera's noise goes on."""
    drawn = []

    def simulate(image, level, rng):
        drawn.append(rng.random())
        return image + level

    picture = np.arange(100.0).reshape(10, 10)
    copies = [c for _, c in graded_images(picture, np.random.default_rng(3), simulate=simulate)]
    assert len(drawn) == 11 and len(set(drawn)) == 1
    assert not np.array_equal(copies[0], copies[1])
