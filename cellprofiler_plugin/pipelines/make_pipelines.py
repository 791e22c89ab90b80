"""Write the example pipelines with CellProfiler itself: python make_pipelines.py [FOLDER]

Needs CellProfiler 4.2.8. The tests build their pipelines with the same functions.
"""

import logging
import pathlib
import sys

from cellprofiler_core import preferences

HERE = pathlib.Path(__file__).resolve().parent
preferences.set_headless()
preferences.set_plugin_directory(str(HERE.parent), globally=False)

from cellprofiler_core.pipeline import Pipeline  # noqa: E402
from cellprofiler_core.utilities.core.modules import (  # noqa: E402
    fill_modules,
    instantiate_module,
)
from cellprofiler_core.utilities.java import start_java, stop_java  # noqa: E402

INPUT, OUTPUT = "Default Input Folder|", "Default Output Folder|"


def start():
    """Start Java, which LoadData cannot be imported without, and find all modules."""
    logging.disable(logging.WARNING)  # it finds all modules again for each pipeline, and says so
    start_java()
    fill_modules()


def add(pipeline, name, **values):
    """Add a module, with values for its settings by attribute; return it."""
    module = instantiate_module(name)
    module.set_module_num(len(pipeline.modules()) + 1)
    module.show_window = False
    for setting, value in values.items():
        getattr(module, setting).value = value
    pipeline.add_module(module)
    return module


def load_data(pipeline, csv="images.csv", *, group_by="", rescale=True):
    """Read the images that a CSV file in the input folder lists."""
    return add(
        pipeline,
        "LoadData",
        csv_directory=INPUT,
        csv_file_name=csv,
        image_directory=INPUT,
        rescale=rescale,
        wants_image_groupings=bool(group_by),
        metadata_fields=group_by,
    )


def images_module(pipeline, image_name="DNA", *, volumes=False):
    """Read all images of the input folder or file list, each one a plane or a volume."""
    pipeline.init_modules()
    modules = {module.module_name: module for module in pipeline.modules()}
    for module in modules.values():
        module.show_window = False
    names = modules["NamesAndTypes"]
    names.assignment_method.value = "All images"
    names.single_image_provider.value = image_name
    names.process_as_3d.value = volumes
    pipeline.set_volumetric(volumes)


def measure(pipeline, images="DNA", **values):
    """Rate images."""
    return add(pipeline, "MeasureImageFocus", image_names=images, **values)


def flag(pipeline, measurement="ImageFocus_OutOfFocus_DNA", *, above=0.5, name="OutOfFocus"):
    """Flag image sets in which a measurement is above a limit."""
    module = add(pipeline, "FlagImage")
    settings = module.flags[0]
    settings.category.value, settings.feature_name.value = "QCFlag", name
    settings.combination_choice.value = "Flag if any fail"
    criterion = settings.measurement_settings[0]
    criterion.source_choice.value = "Whole-image measurement"
    criterion.measurement.value = measurement
    criterion.wants_minimum.value = False
    criterion.wants_maximum.value, criterion.maximum_value.value = True, above
    return module


def save(
    pipeline, image_name="FocusOverlay", *, named_by="DNA", suffix="_focus", file_format="png"
):
    """Save an image with 8 bits, named by another."""
    return add(
        pipeline,
        "SaveImages",
        image_name=image_name,
        file_format=file_format,
        file_name_method="From image filename",
        file_image_name=named_by,
        wants_file_name_suffix=True,
        file_name_suffix=suffix,
        bit_depth="8-bit integer",
        pathname=OUTPUT,
        overwrite=True,
    )


def export(pipeline, prefix="Focus_"):
    """Write all measurements as CSV."""
    return add(
        pipeline,
        "ExportToSpreadsheet",
        directory=OUTPUT,
        wants_overwrite_without_warning=True,
        add_metadata=True,
        wants_prefix=True,
        prefix=prefix,
    )


def write(pipeline, path):
    """Write a .cppipe file."""
    with open(str(path), "w") as stream:
        pipeline.dump(stream, save_image_plane_details=False)
    return path


def plate_qc():
    """Sites of a plate from a CSV file: flags, overlays, tables."""
    pipeline = Pipeline()
    load_data(pipeline)
    measure(pipeline, wants_patches=True, wants_overlay=True)
    flag(pipeline)
    save(pipeline)
    export(pipeline)
    return pipeline


def z_stack():
    """Stacks as 3D images: the best plane of each, overlays of all."""
    pipeline = Pipeline()
    images_module(pipeline, volumes=True)
    measure(pipeline, wants_overlay=True)
    save(pipeline, file_format="tiff")  # PNG holds no stack
    export(pipeline)
    return pipeline


def old():
    """A pipeline as CellProfiler 3 saved it: the image's name was the only setting."""
    pipeline = Pipeline()
    load_data(pipeline)
    measure(pipeline)
    flag(pipeline, "ImageFocus_Score_DNA", above=4)
    export(pipeline)
    return pipeline


def as_revision_1(path):
    """Write MeasureImageFocus in a pipeline file with its only setting of old."""
    kept, inside = [], False
    for line in path.read_text().splitlines():
        if not line.startswith(" "):
            inside = line.startswith("MeasureImageFocus:")
            if inside:
                line = line.replace("variable_revision_number:2", "variable_revision_number:1")
        elif inside:
            if not line.strip().startswith("Select the images"):
                continue
            line = "    Image:" + line.split(":", 1)[1]
        kept.append(line)
    path.write_text("\n".join(kept) + "\n")
    return path


def main():
    """Write the examples."""
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    start()
    try:
        write(plate_qc(), folder / "plate_qc.cppipe")
        write(z_stack(), folder / "z_stack.cppipe")
        as_revision_1(write(old(), folder / "from_cellprofiler_3.cppipe"))
    finally:
        stop_java()


if __name__ == "__main__":
    main()
