"""The module by itself: settings, masks and crops, scaling, what it declares, what it shows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from agreement import PLUGIN

from zfocus_model import defocus
from zfocus_model.camera import photograph
from zfocus_model.scenes import field


@pytest.fixture(scope="module")
def cp(build):
    """CellProfiler's own classes."""
    from types import SimpleNamespace

    import cellprofiler_core.image as images
    import cellprofiler_core.measurement as measurements
    import cellprofiler_core.object as objects
    import cellprofiler_core.pipeline as pipelines
    import cellprofiler_core.workspace as workspaces
    import measureimagefocus

    return SimpleNamespace(
        Image=images.Image,
        ImageSetList=images.ImageSetList,
        Measurements=measurements.Measurements,
        Objects=objects.Objects,
        ObjectSet=objects.ObjectSet,
        Pipeline=pipelines.Pipeline,
        Workspace=workspaces.Workspace,
        plugin=measureimagefocus,
    )


@pytest.fixture
def prepare(cp):
    """A module and a workspace that holds one image."""

    def made(image, *, volumes=False, objects=None, **settings):
        module = cp.plugin.MeasureImageFocus()
        module.set_module_num(1)
        module.image_names.value = "DNA"
        for name, value in settings.items():
            getattr(module, name).value = value
        image_sets = cp.ImageSetList()
        image_set = image_sets.get_image_set(0)
        image_set.add("DNA", image)
        pipeline = cp.Pipeline()
        pipeline.set_volumetric(volumes)
        pipeline.add_module(module)
        object_set = cp.ObjectSet(can_overwrite=True)  # as test mode does
        if objects is not None:
            cells = cp.Objects()
            cells.segmented = objects
            object_set.add_objects(cells, "Cells")
        workspace = cp.Workspace(
            pipeline, module, image_set, object_set, cp.Measurements(), image_sets
        )
        return module, workspace

    return made


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(77)
    left = photograph(defocus(field(rng, (200, 300)), level=0), rng=rng)
    return np.clip(left, 0, 65535).astype(np.uint16)


def scaled(pixels, scale=65535):
    return pixels.astype(np.float32) / float(scale)


def value(workspace, feature):
    return workspace.measurements.get_current_image_measurement(f"ImageFocus_{feature}_DNA")


def assert_rated(workspace, rating):
    for level in range(11):
        measured = value(workspace, f"P{level}")
        assert measured == pytest.approx(rating.probabilities[level], abs=1e-4)
    assert value(workspace, "Status") == rating.status
    assert value(workspace, "RatedFraction") == pytest.approx(rating.rated_fraction)


@pytest.mark.parametrize(
    ("scale", "divisor"),
    [(65535, 65535), (4095, 4095), (4095, 65535), (255, 255), (65535, 3000.0), (None, 65535)],
)
def test_scaling_is_undone(cp, prepare, model, counts, scale, divisor):
    pixels = np.clip(counts, 0, 255) if scale == 255 else counts
    module, workspace = prepare(cp.Image(scaled(pixels, divisor), scale=scale))
    module.run(workspace)
    assert_rated(workspace, model.rate(pixels))


@pytest.mark.parametrize(
    ("scale", "dtype"), [(255, np.uint8), (4095, np.uint16), (65535, np.uint16)]
)
def test_pixels_come_back_as_stored(cp, scale, dtype):
    every = np.arange(scale + 1, dtype=dtype).reshape(1, -1)
    (plane,), maximum = cp.plugin.stored([scaled(every, scale)], scale)
    np.testing.assert_array_equal(plane, every)
    assert maximum == np.iinfo(dtype).max


def test_float_images_stay_as_they_are(cp):
    pixels = np.array([[0.25, -3.0], [1e4, 7.125]], np.float32)
    (plane,), maximum = cp.plugin.stored([pixels], 1)
    np.testing.assert_array_equal(plane, pixels)
    assert maximum is None


def test_masked_pixels_keep_their_values(cp, prepare, model, counts):
    mask = np.ones(counts.shape, bool)
    mask[:, 100:200] = False
    mask[40:60, 20:40] = False
    whole = cp.Image(scaled(counts), scale=65535)
    blackened = np.where(mask, whole.pixel_data, 0)
    module, workspace = prepare(cp.Image(blackened, mask=mask, parent_image=whole))
    module.run(workspace)
    expected = model.rate(counts, mask)
    assert expected.rated_patches == 4
    assert_rated(workspace, expected)


def test_a_fully_masked_image_is_undecided(cp, prepare, counts):
    mask = np.zeros(counts.shape, bool)
    module, workspace = prepare(cp.Image(scaled(counts), mask=mask, scale=65535))
    module.run(workspace)
    assert (value(workspace, "Status"), value(workspace, "Reason")) == ("undecided", "masked")
    assert np.isnan(value(workspace, "Score"))


@pytest.mark.parametrize("remove", [True, False])
def test_a_crop_is_rated_from_its_corner(cp, prepare, model, counts, remove):
    box = np.zeros(counts.shape, bool)
    box[17:190, 41:250] = True
    whole = cp.Image(scaled(counts), scale=65535)
    if remove:
        image = cp.Image(
            scaled(counts[17:190, 41:250]), crop_mask=box, mask=np.ones((173, 209), bool),
            parent_image=whole,
        )  # fmt: skip
    else:
        kept = np.where(box, whole.pixel_data, 0)
        image = cp.Image(kept, crop_mask=box, mask=box, parent_image=whole)
    module, workspace = prepare(image, wants_patches=True)
    module.run(workspace)
    assert_rated(workspace, model.rate(counts[17:190, 41:250]))
    x = workspace.measurements.get_current_measurement("FocusPatches", "ImageFocus_X_DNA")
    assert x.tolist() == ([0, 84, 0, 84] if remove else [41, 125, 41, 125])
    centre = workspace.measurements.get_current_measurement("FocusPatches", "Location_Center_X")
    assert centre.tolist() == (x + 41.5).tolist()


def test_test_mode_measures_an_image_set_again(cp, prepare, model, counts):
    wanted = {"wants_patches": True, "wants_map": True, "wants_overlay": True}
    module, workspace = prepare(cp.Image(scaled(counts), scale=65535), **wanted)
    module.run(workspace)
    smaller = counts[:100]
    workspace.image_set.add("DNA", cp.Image(scaled(smaller), scale=65535))
    module.run(workspace)
    expected = model.rate(smaller)
    assert_rated(workspace, expected)
    patches = workspace.measurements.get_current_measurement("FocusPatches", "ImageFocus_P0_DNA")
    assert patches == pytest.approx(expected.patches.probabilities[..., 0].ravel(), abs=1e-4)
    assert workspace.object_set.get_objects("FocusPatches").count == 3
    assert workspace.image_set.get_image("FocusMap").pixel_data.shape == (100, 300)


def test_volumes_are_rated_plane_by_plane(cp, prepare, model, counts):
    """Two planes of two patches: what is made has the volume's shape."""
    planes = np.stack([counts[:90, :170], counts[100:190, 100:270]])
    module, workspace = prepare(
        cp.Image(scaled(planes), scale=65535, dimensions=3),
        volumes=True,
        wants_patches=True,
        wants_map=True,
        wants_overlay=True,
    )
    module.run(workspace)
    ratings = model.rate_stack(planes)
    best = min(ratings, key=lambda rating: rating.expected_level)
    assert "undecided" not in {rating.status for rating in ratings}
    assert_rated(workspace, best)
    assert value(workspace, "BestPlane") == ratings.index(best)
    assert value(workspace, "Planes") == 2

    labels = workspace.object_set.get_objects("FocusPatches").segmented
    assert labels[:, 40, [40, 130]].tolist() == [[1, 2], [3, 4]]
    assert labels[:, 85:].max() == labels[:, :, 168:].max() == 0
    feature = workspace.measurements.get_current_measurement
    assert feature("FocusPatches", "Location_Center_Z").tolist() == [0, 0, 1, 1]
    levels = np.concatenate([rating.patches.expected_level.ravel() for rating in ratings])
    measured = feature("FocusPatches", "ImageFocus_ExpectedLevel_DNA")
    assert measured == pytest.approx(levels, abs=1e-3)
    drawn = workspace.image_set.get_image("FocusMap")
    assert drawn.volumetric
    assert drawn.pixel_data[:, 40, [40, 130]].ravel() == pytest.approx(levels / 10, abs=1e-4)
    assert not drawn.mask[:, 85:].any()
    assert workspace.image_set.get_image("FocusOverlay").pixel_data.shape == (2, 90, 170, 3)
    written = set(workspace.measurements.get_feature_names("FocusPatches"))
    declared = module.get_measurement_columns(workspace.pipeline)
    assert written == {feature for name, feature, _ in declared if name == "FocusPatches"}


def test_colour_is_averaged(cp, prepare, model, counts):
    colour = np.stack([counts, counts // 2, np.zeros_like(counts)], axis=-1)
    module, workspace = prepare(cp.Image(scaled(colour), scale=65535))
    module.run(workspace)
    assert_rated(workspace, model.rate(colour.astype(np.float64).mean(axis=-1)))


def test_what_is_declared_is_measured(cp, prepare, counts):
    cells = np.zeros(counts.shape, int)
    cells[10:30, 10:30], cells[80:90, 160:180], cells[190:, :] = 1, 2, 3
    module, workspace = prepare(
        cp.Image(scaled(counts), scale=65535),
        objects=cells,
        wants_patches=True,
        wants_objects=True,
        object_names="Cells",
    )
    module.run(workspace)
    columns = module.get_measurement_columns(workspace.pipeline)
    written = {
        (name, feature)
        for name in ("Image", "FocusPatches", "Cells")
        for feature in workspace.measurements.get_feature_names(name)
        if not feature.startswith(("Group_", "ImageSet_"))
    }
    assert written == {(name, feature) for name, feature, _ in columns}
    for name, feature, kind in columns:
        category, rest = feature.split("_", 1)
        assert category in module.get_categories(workspace.pipeline, name)
        measured = workspace.measurements.get_current_measurement(name, feature)
        if kind in ("float", "integer"):
            assert np.asarray(measured).dtype.kind in "if", feature
        if category == "ImageFocus":
            measurement = rest[: -len("_DNA")]
            assert measurement in module.get_measurements(workspace.pipeline, name, category)
            arguments = (workspace.pipeline, name, category, measurement)
            assert module.get_measurement_images(*arguments) == ["DNA"]


def test_objects_average_their_patches_by_overlap(cp, prepare, model, counts):
    cells = np.zeros(counts.shape, int)
    cells[10:30, 10:30] = 1  # in the first patch
    cells[20:40, 74:94] = 2  # half in the first, half in the second
    cells[190:, :] = 3  # in none
    module, workspace = prepare(
        cp.Image(scaled(counts), scale=65535),
        objects=cells,
        wants_objects=True,
        object_names="Cells",
    )
    module.run(workspace)

    def of_cells(feature):
        name = f"ImageFocus_{feature}_DNA"
        return workspace.measurements.get_current_measurement("Cells", name)

    patches = model.rate(counts).patches
    first, second = patches.expected_level[0, :2]
    one, two = patches.certainty[0, :2]
    assert of_cells("ExpectedLevel")[0] == pytest.approx(first, abs=1e-4)
    between = (one * first + two * second) / (one + two)
    assert of_cells("ExpectedLevel")[1] == pytest.approx(between, abs=1e-4)
    assert np.isnan(of_cells("Score")[2])
    assert of_cells("Undecided")[2] == 1


def test_objects_of_another_size_are_refused(cp, prepare, counts):
    module, workspace = prepare(
        cp.Image(scaled(counts), scale=65535),
        objects=np.ones((50, 50), int),
        wants_objects=True,
        object_names="Cells",
    )
    with pytest.raises(ValueError, match=r"Cells .*\(200, 300\), got \(50, 50\)"):
        module.run(workspace)


def test_an_image_that_cannot_be_had_is_named(prepare, counts, cp):
    module, workspace = prepare(cp.Image(scaled(counts)))
    module.image_names.value = "Actin"
    with pytest.raises(RuntimeError, match="cannot rate the image Actin"):
        module.run(workspace)


def test_a_model_on_disk_is_opened_once(cp, prepare, package_folder, counts):
    settings = {"model_choice": cp.plugin.ON_DISK, "model_path": str(package_folder)}
    module, workspace = prepare(cp.Image(scaled(counts), scale=65535), **settings)
    module.run(workspace)
    assert value(workspace, "Model") == "tiny"
    assert cp.plugin.open_model(str(package_folder)) is module.model()


def test_settings_of_revision_1_are_upgraded(cp):
    module = cp.plugin.MeasureImageFocus()
    values, revision = module.upgrade_settings(["DNA"], 1, "x.MeasureImageFocus")
    assert revision == module.variable_revision_number == 2
    assert len(values) == len(module.settings())
    module.set_settings_from_values(["DNA"], 1, "x.MeasureImageFocus")
    assert module.images() == ["DNA"]
    assert module.patch_objects() == {}


class Window:
    """A figure of Matplotlib's that stands in for CellProfiler's window."""

    def __init__(self):
        from matplotlib.figure import Figure

        self.figure, self.tables, self.images = Figure(), [], []

    def set_subplots(self, shape):
        self.axes = self.figure.subplots(shape[1], shape[0], squeeze=False)

    def subplot(self, x, y):
        return self.axes[y, x]

    def subplot_imshow_color(self, x, y, image, title=None, **_):
        self.images.append(image)
        self.axes[y, x].imshow(image)

    def subplot_table(self, x, y, statistics, col_labels, n_rows):
        assert {len(row) for row in statistics} == {len(col_labels)}
        assert y + n_rows <= len(self.axes)
        self.tables.append({row[0]: row[1:] for row in statistics})


def test_the_window_shows_overlay_table_and_histogram(cp, prepare, counts):
    with_nan = counts.astype(np.float32)
    with_nan[0, 0] = np.nan
    module, workspace = prepare(cp.Image(with_nan / 65535, scale=65535))
    workspace.image_set.add("Actin", cp.Image(scaled(counts), scale=65535))
    module.image_names.value = "DNA, Actin"
    module.show_window = True
    module.run(workspace)
    window = Window()
    module.display(workspace, window)
    (table,) = window.tables
    assert table["Status"][0] == value(workspace, "Status")
    assert [image.shape for image in window.images] == [(200, 300, 3)] * 2
    for axes, unrated in zip(window.axes[1], (1, 0)):
        heights = [bar.get_height() for bar in axes.patches]
        assert sum(heights[:12]) == 6
        assert heights[11] == unrated
        legend = axes.patches[12:]
        assert len({bar.get_facecolor() for bar in legend}) == 12
        assert len(axes.get_xticklabels()) == 12


def test_the_file_is_python_3_8_and_imports_only_what_the_application_carries():
    import ast

    source = (PLUGIN / "measureimagefocus.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    top = [
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert set(top) == {"os", "sys", "weakref", "numpy", "cellprofiler_core"}


def test_loading_the_module_loads_no_zfocus():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from cellprofiler_core import preferences; preferences.set_headless();"
        "import measureimagefocus;"
        "print([name for name in sys.modules if name.startswith(('zfocus', 'onnxruntime'))])"
    )
    run = subprocess.run([sys.executable, "-c", program, PLUGIN], capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr
