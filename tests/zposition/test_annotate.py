from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stand_ins import LevelModel, ZReader, phase_stack, planes, z_reading

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.annotate import (
    find_focus,
    given_focus,
    label_of,
    name_in,
    read_given,
)
from zfocus_model.zposition.labels import z_um_of_planes
from zfocus_model.zposition.reversal import find_reversal
from zfocus_model.zposition.stack_picture import stack_picture
from zfocus_model.zposition.stacks import ZStack, open_stack


def stack_of(z_um, **more):
    return ZStack.of_arrays(list(phase_stack(z_um, **more)), z_step_um=1.0)


@pytest.mark.parametrize("focus", [5.0, 7.5, 10.3])
def test_contrast_reverses_in_focus(focus):
    found = find_reversal(stack_of(np.arange(16) - focus))
    assert found.found and found.confidence > 0.7
    assert found.position == pytest.approx(focus, abs=0.25)


def test_the_sharpest_plane_is_another():
    stack = stack_of(np.arange(-8, 9))
    gradients = [np.abs(np.diff(plane, axis=0)).mean() for plane in stack]
    assert abs(int(np.argmax(gradients)) - 8) > 1
    assert round(find_reversal(stack).position) == 8


def test_illumination_and_what_does_not_move_are_no_contrast():
    z_um = np.arange(13) - 7.0
    plain = find_reversal(stack_of(z_um)).position
    assert find_reversal(stack_of(z_um, tilt=0.4)).position == pytest.approx(plain, abs=0.25)
    assert find_reversal(stack_of(z_um, even=0.02)).position == pytest.approx(plain, abs=0.5)


def test_gain_offset_and_order_do_not_matter():
    pixels = np.stack(list(phase_stack(np.arange(11) - 4.0)))
    first = find_reversal(pixels)
    assert find_reversal(3 * pixels).position == pytest.approx(first.position)
    assert find_reversal(pixels[::-1]).position == pytest.approx(10 - first.position)


@pytest.mark.parametrize("first", [2, 5, -16, -20])
def test_focus_beyond_the_stack_is_refused(first):
    stack = stack_of(np.arange(first, first + 12))
    assert not find_reversal(stack).found
    with pytest.raises(ZfocusError, match="got no plane within it at which contrast is least"):
        find_focus(stack)


def test_noise_and_constants_are_refused(rng):
    assert not find_reversal(rng.normal(1000, 5, (12, 96, 96))).found
    assert not find_reversal(np.full((12, 96, 96), 7.0)).found


def test_what_contrast_does_not_show_the_z_model_may():
    stack = stack_of(np.arange(2, 14))
    reader = ZReader()
    reader.locate_stack = lambda stack, **_: [z_reading(z - 1.0) for z in range(len(stack))]
    found = find_focus(stack, z_model=reader)
    assert (found.finder, found.plane) == ("z", pytest.approx(1.0, abs=0.1))


def test_fluorescence_is_found_by_its_level():
    stack = ZStack.of_arrays(planes([5, 2, 1, 3, 6]), z_step_um=1.0)
    found = find_focus(stack, "fluorescence", model=LevelModel())
    assert (round(found.plane), found.finder) == (2, "levels")
    blank = ZStack.of_arrays(planes([-1, -1, -1]))
    with pytest.raises(ZfocusError, match="expected a stack through focus: all planes are blank"):
        find_focus(blank, "fluorescence", model=LevelModel())


def test_few_planes_are_not_enough_to_find():
    with pytest.raises(ZfocusError, match="at least 5 planes to find focus in, got 4: say which"):
        find_focus(stack_of(np.arange(-2, 2)))


def test_what_somebody_says_is_taken(tmp_path):
    stack = stack_of(np.arange(5))
    stack.name = str(tmp_path / "day1" / "a.tif")
    label = label_of(stack, given_focus(stack, 1.5), tmp_path / "labels.csv", direction=-1)
    assert (label.stack, label.experiment, label.method) == ("day1/a.tif", "day1", "given")
    assert z_um_of_planes(label).tolist() == [1.5, 0.5, -0.5, -1.5, -2.5]
    with pytest.raises(ZfocusError, match="expected an in-focus plane from 0 to 4, got 5"):
        given_focus(stack, 5)
    stack.z_step_um = None
    with pytest.raises(ZfocusError, match="give it in um with --z-step"):
        label_of(stack, given_focus(stack, 1), tmp_path / "labels.csv")


def test_stacks_are_named_from_the_table(tmp_path):
    table = tmp_path / "tables" / "labels.csv"
    assert name_in(table, str(tmp_path / "a.tif")) == "../a.tif"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stack,plane\na,1\n", "expected the columns stack and in_focus_plane"),
        ("stack,in_focus_plane\nb,1\n", "row 2: expected the name of a stack such as a, got 'b'"),
        ("stack,in_focus_plane\na,x\n", "row 2, column in_focus_plane: .* got 'x'"),
    ],
)
def test_a_list_of_planes_is_checked(tmp_path, text, message):
    (tmp_path / "given.csv").write_text(text)
    with pytest.raises(ZfocusError, match=message):
        read_given(tmp_path / "given.csv", ["a"])
    with pytest.raises(ZfocusError, match="expected a plane or a CSV file for --in-focus"):
        read_given(tmp_path / "none.csv", ["a"])


def test_the_picture_frames_the_chosen_plane():
    import io

    from PIL import Image

    stack = ZStack.of_arrays(np.random.default_rng(1).normal(size=(60, 20, 30)))
    data = stack_picture(stack, 31.2, np.arange(60.0), title="a", note="b", curve_name="c")
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert (pixels == (255, 170, 50)).all(axis=-1).sum() > 1000
    plain = stack_picture(stack, None, np.empty(0), title="a", note="b")
    assert not (np.asarray(Image.open(io.BytesIO(plain))) == (255, 170, 50)).all(axis=-1).any()


def test_real_yeast_has_its_focus_within_the_stack(data_root):
    """Five planes; which one is in focus nobody has written down, but it is no end."""
    for name in "ABDF":
        pattern = data_root / "train" / "baby_yeast_bf" / f"evolve_test{name}*z*.png"
        sources = sorted(pattern.parent.glob(pattern.name))[:5]
        with open_stack(str(sources[0]).replace("_z0", "_z*")) as stack:
            assert 1 <= find_focus(stack).plane <= 3


def test_real_fluorescence_has_no_reversal(data_root):
    with open_stack(data_root / "dev" / "faim_beads_zstack" / "E07_s1_w1_z*.png") as stack:
        assert not find_reversal(stack).found
