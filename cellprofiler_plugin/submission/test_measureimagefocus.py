import pathlib
import sys

import cellprofiler_core.preferences as preferences
import numpy
import pytest

preferences.set_headless()  # before any other CellProfiler import
pytest.importorskip("zfocus_model", reason="needs the package zfocus")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "active_plugins"))

import cellprofiler_core.image as cpi  # noqa: E402
import cellprofiler_core.measurement as cpm  # noqa: E402
import cellprofiler_core.object as cpo  # noqa: E402
import cellprofiler_core.pipeline as cpp  # noqa: E402
import cellprofiler_core.workspace as cpw  # noqa: E402
from measureimagefocus import MeasureImageFocus  # noqa: E402


def run(image, **settings):
    module = MeasureImageFocus()
    module.set_module_num(1)
    module.image_names.value = "DNA"
    for name, value in settings.items():
        getattr(module, name).value = value
    image_sets = cpi.ImageSetList()
    image_set = image_sets.get_image_set(0)
    image_set.add("DNA", image)
    pipeline = cpp.Pipeline()
    pipeline.add_module(module)
    workspace = cpw.Workspace(
        pipeline, module, image_set, cpo.ObjectSet(), cpm.Measurements(), image_sets
    )
    module.run(workspace)
    return module, workspace


def test_measurements_are_those_declared():
    pixels = numpy.random.RandomState(0).rand(168, 170).astype("f")
    module, workspace = run(cpi.Image(pixels), wants_patches=True, wants_overlay=True)
    for name, feature, _ in module.get_measurement_columns(workspace.pipeline):
        assert feature in workspace.measurements.get_feature_names(name)
    assert workspace.image_set.get_image("FocusOverlay").pixel_data.shape == (168, 170, 3)


def test_masked_image_is_undecided():
    image = cpi.Image(numpy.zeros((168, 168), "f"), mask=numpy.zeros((168, 168), bool))
    _, workspace = run(image)
    value = workspace.measurements.get_current_image_measurement
    assert value("ImageFocus_Undecided_DNA") == 1
    assert numpy.isnan(value("ImageFocus_Score_DNA"))


def test_revision_1_is_upgraded():
    module = MeasureImageFocus()
    values, revision = module.upgrade_settings(["DNA"], 1, "any.MeasureImageFocus")
    assert revision == 2
    assert len(values) == len(module.settings())
