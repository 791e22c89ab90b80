"""\
MeasureImageFocus
=================

**MeasureImageFocus** says which images are in focus, how far off the others are, where in the field, and how
sure that is, with a neural network and without any threshold to tune.

Each image is cut into patches of 84 x 84 pixels from its upper left corner. A network rates each patch with a
level from 0 (in focus) to 10; one level more is a defocus disc wider by 3.08 pixels. The patches are averaged,
each weighted by how certain its rating is, into one level, certainty and status for the image. The pixels that
the network sees are those of the file: the scaling of intensities to 0..1 is undone, and illumination
correction or smoothing *before* this module is best left out.

|

============ ============ ===============
Supports 2D? Supports 3D? Respects masks?
============ ============ ===============
YES          YES          YES
============ ============ ===============

What is needed
^^^^^^^^^^^^^^

The package zfocus, either installed beside CellProfiler or copied into the plugins folder by
``zfocus cellprofiler install``. It is fast where ONNX Runtime can be imported and needs nothing but NumPy where
not. Nothing is downloaded.

Measurements made by this module
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

For each image (with the image's name at the end, for example *ImageFocus_Score_DNA*):

-  *Score*, *Level*: the most probable level, 0 (in focus) to 10. Not a number where nothing could be rated.
-  *Certainty*, *CertaintyAggregate*: how certain the level is, 0 (not at all) to 1.
-  *InFocus*, *OutOfFocus*, *Undecided*: one of them is 1, the others are 0. Use these in **FlagImage**.
-  *Status* and *Reason*: the same in words, and why an image is undecided (blank, uncertain, out_of_domain,
   too_small, masked).
-  *ExpectedLevel*, *LevelSd*: mean and standard deviation of the level.
-  *DefocusPx*: expected diameter of the defocus disc in pixels.
-  *InFocusProbability*: probability of levels 0 to 2; *P0* ... *P10*: probability of each level.
-  *CertaintyMean*, *CertaintyMax*, *CertaintyWeighted*: certainties of the patches.
-  *Patches*, *BlankPatches*: patches rated; those that show too little to be rated with certainty.
-  *RatedFraction*, *SaturatedFraction*: share of the area rated, share of the pixels saturated.
-  *OutOfDomain*: how unlike the training images, where the model tells.
-  *Height*, *Width*, *Model*, *PackageSha256*: size in pixels; which model, exactly.

For 3D images each plane is rated. The measurements are those of the best plane, the decided plane with the lowest
expected level, and there are *BestPlane* (from 0; not a number if all planes are undecided), *Planes* and
*PercentInFocus* (of the decided planes).

For the patches, where they are made into objects: *Row*, *Column*, *X*, *Y* (upper left corner in pixels), *Score*,
*Level*, *ExpectedLevel*, *Certainty*, *P0* ... *P10*, and the location of the centre.

For objects to be rated: *Score*, *Level*, *ExpectedLevel*, *Certainty*, *InFocusProbability*, *InFocus*,
*OutOfFocus*, *Undecided*, from the patches that an object lies in, each weighted by its overlap and its certainty.

Masks and crops
^^^^^^^^^^^^^^^

A patch is rated if at least half of it lies inside the mask and all its pixels are numbers. Patches of a cropped
image start at the upper left corner of the crop.
"""

import os
import sys
import weakref

import numpy
from cellprofiler_core.constants.measurement import (
    COLTYPE_FLOAT,
    COLTYPE_INTEGER,
    COLTYPE_VARCHAR_FORMAT,
    IMAGE,
    IMAGE_NUMBER,
    M_LOCATION_CENTER_Z,
)
from cellprofiler_core.image import Image
from cellprofiler_core.module import Module
from cellprofiler_core.object import Objects
from cellprofiler_core.setting import Binary, Divider, ValidationError
from cellprofiler_core.setting.choice import Choice
from cellprofiler_core.setting.subscriber import ImageListSubscriber, LabelListSubscriber
from cellprofiler_core.setting.text import ImageName, LabelName, Text
from cellprofiler_core.utilities.core.module.identify import (
    add_object_count_measurements,
    add_object_location_measurements,
    get_object_measurement_columns,
)

CATEGORY = "ImageFocus"
SHIPPED, ON_DISK = "The model that comes with zfocus", "A model package on disk"
BUNDLE = "_zfocus"  # folder beside this file in which `zfocus cellprofiler install` puts zfocus

PATCH_PX = 84
PROBABILITIES = ["P%d" % level for level in range(11)]
SCORE = ["Score", "Level"]
FLAGS = ["InFocus", "OutOfFocus", "Undecided"]

FLOATS = (
    SCORE
    + ["ExpectedLevel", "LevelSd", "DefocusPx", "InFocusProbability", "Certainty"]
    + ["CertaintyMean", "CertaintyMax", "CertaintyAggregate", "CertaintyWeighted"]
    + ["RatedFraction", "SaturatedFraction", "OutOfDomain"]
    + PROBABILITIES
)
INTEGERS = FLAGS + ["Height", "Width", "Patches", "BlankPatches"]
WORDS = {"Status": 16, "Reason": 16, "Model": 255, "PackageSha256": 64}
STACK_FLOATS, STACK_INTEGERS = ["BestPlane", "PercentInFocus"], ["Planes"]
PATCH_INTEGERS = ["Row", "Column", "X", "Y"]
PATCH_FLOATS = SCORE + ["ExpectedLevel", "Certainty"] + PROBABILITIES
OBJECT_FLOATS = SCORE + ["ExpectedLevel", "Certainty", "InFocusProbability"]

_MODELS = {}  # open models by path: one a process, whatever the number of modules and images
_DATASETS = weakref.WeakKeyDictionary()  # open datasets of features, of each store of measurements


class MeasureImageFocus(Module):
    module_name = "MeasureImageFocus"
    category = ["Measurement", "Image Processing"]
    variable_revision_number = 2
    doi = {"Method behind MeasureImageFocus:": "https://doi.org/10.1186/s12859-018-2087-4"}

    def create_settings(self):
        self.image_names = ImageListSubscriber(
            "Select the images to rate",
            doc="One or several images. Choose them as they were loaded: corrected or smoothed images look "
            "sharper or less sharp than they are.",
        )
        self.divider = Divider()
        self.model_choice = Choice(
            "Model",
            [SHIPPED, ON_DISK],
            doc="The model that comes with zfocus rates fluorescence images of any magnification. Another one "
            "can be given as a model package on disk.",
        )
        self.model_path = Text(
            "Model package", "", doc="A folder or .zip file that holds a zfocus.json."
        )
        self.wants_patches = Binary(
            "Make the patches objects?",
            False,
            doc="Makes an object of each patch, with its rating and location.",
        )
        self.patches_name = LabelName(
            "Name the patches",
            "FocusPatches",
            doc="Where several images are rated, an underscore and the image's name are added.",
        )
        self.wants_map = Binary(
            "Make a focus map?",
            False,
            doc="Makes a grey image of the expected level of each patch, divided by 10: black is in focus, "
            "white is far off. What is not rated is black, and masked.",
        )
        self.map_name = ImageName(
            "Name the focus map",
            "FocusMap",
            doc="Where several images are rated, an underscore and the image's name are added.",
        )
        self.wants_overlay = Binary(
            "Make an overlay image?",
            False,
            doc="Makes a colour image with a border around each patch: blue is in focus, orange is far off; "
            "the darker, the less certain; grey is not rated.",
        )
        self.overlay_name = ImageName(
            "Name the overlay image",
            "FocusOverlay",
            doc="Where several images are rated, an underscore and the image's name are added.",
        )
        self.wants_objects = Binary(
            "Rate objects, too?", False, doc="Rates objects by the patches that they lie in."
        )
        self.object_names = LabelListSubscriber(
            "Select the objects to rate", doc="Objects in images of the same size as those rated."
        )

    def settings(self):  # the order in pipeline files: append only
        return [
            self.image_names,
            self.model_choice,
            self.model_path,
            self.wants_patches,
            self.patches_name,
            self.wants_map,
            self.map_name,
            self.wants_overlay,
            self.overlay_name,
            self.wants_objects,
            self.object_names,
        ]

    def visible_settings(self):
        visible = [self.image_names, self.divider, self.model_choice]
        visible += [self.model_path] if self.model_choice.value == ON_DISK else []
        for wants, name in (
            (self.wants_patches, self.patches_name),
            (self.wants_map, self.map_name),
            (self.wants_overlay, self.overlay_name),
            (self.wants_objects, self.object_names),
        ):
            visible += [wants, name] if wants.value else [wants]
        return visible

    def upgrade_settings(self, setting_values, variable_revision_number, module_name):
        if variable_revision_number == 1:  # CellProfiler 3: the image was the only setting
            setting_values = list(setting_values[:1]) + [SHIPPED, "", "No", "FocusPatches"]
            setting_values += ["No", "FocusMap", "No", "FocusOverlay", "No", ""]
            variable_revision_number = 2
        return setting_values, variable_revision_number

    def validate_module(self, pipeline):
        if not self.images():
            raise ValidationError("Choose at least one image to rate", self.image_names)
        if self.model_choice.value == ON_DISK and not os.path.exists(self.model_path.value):
            raise ValidationError(
                "Expected a folder or .zip file, found nothing there", self.model_path
            )
        if self.wants_objects.value and not self.objects():
            raise ValidationError("Choose at least one kind of objects", self.object_names)

    def volumetric(self):
        return True

    def is_object_identification_module(self):
        return self.wants_patches.value

    # Names

    def images(self):
        return _several(self.image_names.value)

    def objects(self):
        return _several(self.object_names.value) if self.wants_objects.value else []

    def output(self, setting, image_name):
        """Name of what is made of an image: the setting's, told apart where there are several."""
        if len(self.images()) == 1:
            return setting.value
        return "%s_%s" % (setting.value, image_name)

    def patch_objects(self):
        """Names of the patch objects, each with its image."""
        if not self.wants_patches.value:
            return {}
        return {self.output(self.patches_name, name): name for name in self.images()}

    def other_providers(self, group):
        # Where several images are rated, what is made has names beside those in the settings.
        if len(self.images()) < 2:
            return []
        if group == "objectgroup":
            return list(self.patch_objects())
        names = []
        if group == "imagegroup":
            for wants, setting in (
                (self.wants_map, self.map_name),
                (self.wants_overlay, self.overlay_name),
            ):
                if wants.value:
                    names += [self.output(setting, name) for name in self.images()]
        return names

    # Work

    def run(self, workspace):
        if not self.images():  # a headless run does not validate
            raise ValueError("MeasureImageFocus expected at least one image to rate, got none")
        shown = []
        for image_name in self.images():
            shown.append(self.run_image(workspace, image_name, self.model()))
        if self.show_window:
            workspace.display_data.shown = shown

    def prepare_to_create_batch(self, workspace, fn_alter_path):
        if self.model_path.value:
            self.model_path.value = fn_alter_path(self.model_path.value)
        return True

    def model(self):
        path = self.model_path.value if self.model_choice.value == ON_DISK else None
        return open_model(path)

    def run_image(self, workspace, image_name, model):
        try:
            image = workspace.image_set.get_image(image_name)
        except Exception as error:
            message = "MeasureImageFocus cannot rate the image %s: %s" % (image_name, error)
            raise RuntimeError(message) from error
        planes, masks, maximum, (top, left) = planes_of(image)
        ratings = [model.rate(plane, mask, maximum=maximum) for plane, mask in zip(planes, masks)]
        best = best_plane(ratings)
        rating = ratings[shown_plane(ratings, best)]
        values = image_values(rating, planes[0].shape, model)
        if image.volumetric:
            values.update(stack_values(ratings, best))
        add_measurements(workspace.measurements, IMAGE, image_name, values)

        shape = image.pixel_data.shape[: image.dimensions]
        labels = None
        if self.wants_patches.value or self.wants_map.value or self.objects():
            labels = patch_labels(ratings, shape, (top, left))
        if self.wants_patches.value:
            self.add_patches(workspace, image, image_name, ratings, labels, (top, left))
        for object_name in self.objects():
            self.rate_objects(workspace, object_name, image_name, ratings, rating, labels, model)
        overlay = None
        if self.wants_overlay.value or self.show_window:
            overlay = draw_overlay(image, ratings, (top, left))
        if self.wants_overlay.value:
            made = Image(overlay, parent_image=image, convert=False, dimensions=image.dimensions)
            workspace.image_set.add(self.output(self.overlay_name, image_name), made)
        if self.wants_map.value:
            levels = numpy.concatenate(
                [[numpy.nan]] + [each.patches.expected_level.ravel() for each in ratings]
            )[labels]
            rated = ~numpy.isnan(levels)
            made = Image(
                numpy.where(rated, levels / 10, 0).astype(numpy.float32),
                mask=rated,
                parent_image=image,
                convert=False,
                dimensions=image.dimensions,
            )
            workspace.image_set.add(self.output(self.map_name, image_name), made)
        if not self.show_window:
            return None
        middle = shown_plane(ratings, best)
        return {
            "name": image_name,
            "overlay": overlay[middle] if image.volumetric else overlay,
            "values": values,
            "levels": rating.patches.level.ravel(),
        }

    def add_patches(self, workspace, image, image_name, ratings, labels, corner):
        name, measurements = self.output(self.patches_name, image_name), workspace.measurements
        count = sum(rating.patches.certainty.size for rating in ratings)
        objects = Objects()
        objects.segmented = labels
        objects.parent_image = image
        workspace.object_set.add_objects(objects, name)
        add_object_count_measurements(measurements, name, count)
        add_object_location_measurements(measurements, name, labels, count)
        add_measurements(measurements, name, image_name, patch_values(ratings, corner))

    def rate_objects(self, workspace, object_name, image_name, ratings, rating, labels, model):
        segmented = workspace.object_set.get_objects(object_name).segmented
        if segmented.shape != labels.shape:
            raise ValueError(
                "MeasureImageFocus expected the objects %s to be of the image %s's size %s, got %s: choose an "
                "image of the same size" % (object_name, image_name, labels.shape, segmented.shape)
            )
        count = workspace.object_set.get_objects(object_name).count
        values = object_values(segmented, labels, ratings, count, model, rating.out_of_domain)
        add_measurements(workspace.measurements, object_name, image_name, values)

    # What is shown

    def display(self, workspace, figure):
        from zfocus_model.report.colours import UNRATED, level_colour

        shown = workspace.display_data.shown
        figure.set_subplots((len(shown) + 1, 2))
        colours = numpy.vstack([level_colour(numpy.arange(11)), UNRATED]) / 255.0
        places = numpy.append(numpy.arange(11), 11.5)
        for column, each in enumerate(shown):
            title = "%s: %s" % (each["name"], each["values"]["Status"].replace("_", " "))
            figure.subplot_imshow_color(column, 0, each["overlay"], title=title)
            axes = figure.subplot(column, 1)
            levels = numpy.where(each["levels"] < 0, 11, each["levels"])
            axes.bar(places, numpy.bincount(levels, minlength=12), color=colours)
            # A strip of all colours below the bars, most of which are of no height, is the legend.
            axes.bar(
                places, -0.06, 1, color=colours, transform=axes.get_xaxis_transform(), clip_on=False
            )
            axes.set_xticks(places)
            axes.set_xticklabels([str(level) for level in range(11)] + ["not\nrated"])
            axes.tick_params(axis="x", length=0, pad=14, labelsize=8)
            axes.set_xlim(-0.7, 12.2)
            axes.set_ylim(0, None)
            axes.set_xlabel("Level, and its colour (darker: less certain)")
            axes.set_ylabel("Patches")
        features = ["Status", "Reason", "Score", "ExpectedLevel", "InFocusProbability", "Certainty"]
        features += ["Patches", "BlankPatches", "RatedFraction", "OutOfDomain"]
        features += [name for name in STACK_FLOATS if name in shown[0]["values"]]
        figure.subplot_table(
            len(shown),
            0,
            [
                [feature] + [_shown(each["values"][feature]) for each in shown]
                for feature in features
            ],
            col_labels=["Measurement"] + [each["name"] for each in shown],
            n_rows=2,
        )

    # What is measured: these five must agree, or FlagImage and others cannot choose from it.

    def get_measurement_columns(self, pipeline):
        columns = []
        for image_name in self.images():
            for feature, kind in self.image_features(pipeline):
                columns.append((IMAGE, _name(feature, image_name), kind))
        for objects, image_name in self.patch_objects().items():
            columns += get_object_measurement_columns(objects)
            if pipeline.volumetric():
                columns.append((objects, M_LOCATION_CENTER_Z, COLTYPE_FLOAT))
            for features, kind in (
                (PATCH_INTEGERS, COLTYPE_INTEGER),
                (PATCH_FLOATS, COLTYPE_FLOAT),
            ):
                columns += [(objects, _name(feature, image_name), kind) for feature in features]
        for objects in self.objects():
            for image_name in self.images():
                for features, kind in ((OBJECT_FLOATS, COLTYPE_FLOAT), (FLAGS, COLTYPE_INTEGER)):
                    columns += [(objects, _name(feature, image_name), kind) for feature in features]
        return columns

    def image_features(self, pipeline):
        features = [(feature, COLTYPE_FLOAT) for feature in FLOATS]
        features += [(feature, COLTYPE_INTEGER) for feature in INTEGERS]
        features += [(word, COLTYPE_VARCHAR_FORMAT % length) for word, length in WORDS.items()]
        if pipeline.volumetric():
            features += [(feature, COLTYPE_FLOAT) for feature in STACK_FLOATS]
            features += [(feature, COLTYPE_INTEGER) for feature in STACK_INTEGERS]
        return features

    def get_categories(self, pipeline, object_name):
        categories = []
        if object_name == IMAGE:
            categories = [CATEGORY] + (["Count"] if self.wants_patches.value else [])
        elif object_name in self.patch_objects():
            categories = [CATEGORY, "Location", "Number"]
        elif object_name in self.objects():
            categories = [CATEGORY]
        return categories

    def get_measurements(self, pipeline, object_name, category):
        if category not in self.get_categories(pipeline, object_name):
            return []
        if category == "Count":
            return list(self.patch_objects())
        if category == "Location":
            return ["Center_X", "Center_Y"] + (["Center_Z"] if pipeline.volumetric() else [])
        if category == "Number":
            return ["Object_Number"]
        if object_name == IMAGE:
            return [feature for feature, _ in self.image_features(pipeline)]
        if object_name in self.patch_objects():
            return PATCH_INTEGERS + PATCH_FLOATS
        return OBJECT_FLOATS + FLAGS

    def get_measurement_images(self, pipeline, object_name, category, measurement):
        measured = self.get_measurements(pipeline, object_name, category)
        if category != CATEGORY or measurement not in measured:
            return []
        if object_name in self.patch_objects():
            return [self.patch_objects()[object_name]]
        return self.images()

    def get_measurement_scales(self, pipeline, object_name, category, measurement, image_name):
        return []


def open_model(path=None):
    """The model of a package, opened once a process; the shipped one if there is no path."""
    key = path or ""
    if key not in _MODELS:
        _find_zfocus()
        from zfocus_model import load_model

        # A worker of CellProfiler's window shares the processors with the others.
        worker = any("--work-announce" in word for word in sys.argv)
        arguments = {"threads": 1} if worker else {}
        _MODELS[key] = load_model(path, **arguments) if path else load_model(**arguments)
    return _MODELS[key]


def _find_zfocus():
    """Let zfocus be imported from beside this file, if it was put there."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), BUNDLE)
    if os.path.isdir(beside) and beside not in sys.path:
        sys.path.insert(0, beside)
    try:
        from zfocus_model import load_model  # noqa: F401
    except ImportError:
        raise RuntimeError(
            "MeasureImageFocus expected the package zfocus, got none: install it beside CellProfiler (pip install "
            "zfocus), or run `zfocus cellprofiler install` with this plugins folder"
        ) from None


def add_measurements(measurements, object_name, image_name, values):
    """Add all features of an image, or of its objects, to CellProfiler's measurements.

    CellProfiler looks up, opens, packs and closes a feature's dataset for each value that it adds.
    For as many features as here that takes several times as long as the rating, so values are
    appended to datasets that stay open. Whatever is not a plain next value is CellProfiler's to add.
    """
    store = getattr(measurements, "hdf5_dict", None)
    if type(store).__name__ != "HDF5Dict":  # not the store of CellProfiler 4
        store = None
    for feature, value in values.items():
        name = _name(feature, image_name)
        if store is not None:
            kept = _DATASETS.setdefault(store, {})
            with store.lock:
                if _append(store, kept, object_name, name, measurements.image_set_number, value):
                    continue
            kept.pop((object_name, name), None)  # CellProfiler may make another
        measurements.add_measurement(object_name, name, value)


def _append(store, kept, object_name, name, number, value):
    """Append the value of an image to a feature, as CellProfiler 4 does; False if it must do so."""
    # The first value makes the feature, and the first feature numbers images and objects.
    if not store.has_feature(object_name, name):
        return False
    if not store.has_data(object_name, IMAGE_NUMBER, number):
        return False
    indices = store.get_indices(object_name, name)
    if number in indices:  # measured before, in test mode
        return False
    data, index = kept.get((object_name, name), (None, None))
    if not (data and data.name and index):  # closed with its file, or replaced by one of other type
        group = store.top_group[object_name][name]
        data, index = kept[object_name, name] = group["data"], group["index"]
    values = numpy.atleast_1d(value)
    if (data.dtype.kind, values.dtype.kind) not in (("f", "f"), ("i", "i"), ("O", "U")):
        return False
    start, row = data.shape[0], index.shape[0]
    stop = start + len(values)
    if len(values):
        data.resize(stop, 0)
        data[start:] = value
    index.resize(row + 1, 0)
    index[row] = (number, start, stop)
    indices[number] = (slice(start, stop), row)
    return True


def planes_of(image):
    """The planes of an image as they are rated.

    Returns (planes as stored, their masks, value at which pixels are saturated, (top, left)): of a
    crop that kept its size, the planes are the bounding box of what was kept, at top and left.
    """
    from zfocus_model.planes import grey

    pixels, mask = _unmasked(image) if image.has_mask else (image.pixel_data, None)
    planes = list(pixels) if image.volumetric else [pixels]
    masks = [None] * len(planes)
    if mask is not None:
        masks = list(mask) if image.volumetric else [mask]
    top = left = 0
    crop = image.crop_mask if image.has_crop_mask and not image.volumetric else None
    if crop is not None and crop.shape == planes[0].shape[:2] and crop.any():
        rows, columns = (numpy.flatnonzero(crop.any(axis=axis)) for axis in (1, 0))
        top, left = int(rows[0]), int(columns[0])
        box = slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
        planes, masks = [planes[0][box]], [masks[0][box]]
    planes, maximum = stored(planes, image.scale)
    # Colours are averaged last, as they are in files.
    return [grey(plane) for plane in planes], masks, maximum, (top, left)


def _unmasked(image):
    """Pixels and mask of an image; what MaskImage and Crop blackened is as it was before."""
    pixels, mask = image.pixel_data, image.mask
    ancestor = image
    while getattr(ancestor, "parent_image", None) is not None and not mask.all():
        ancestor = ancestor.parent_image
        before = ancestor.pixel_data
        if before.shape != pixels.shape:
            try:
                before = image.crop_image_similarly(before)
            except (ValueError, RuntimeError):
                break
        if before.shape != pixels.shape or not numpy.array_equal(
            before[mask], pixels[mask], equal_nan=True
        ):
            break  # made of its parent by more than masking
        pixels = before
    return pixels, mask


def stored(planes, scale):
    """Undo CellProfiler's scaling: planes as in the file, and the largest value that it can hold.

    CellProfiler divides by ``scale`` (the type's maximum, or what the file's metadata say), or by
    the type's maximum where a person asked for that. Pixels that come out whole are those of the
    file. Others (floats, corrected images, a divisor typed in by hand) differ from it by a factor,
    which does not change a rating.
    """
    scale = float(scale or 1)
    planes = [numpy.asarray(plane) for plane in planes]
    if planes[0].dtype.kind == "b":
        return planes, None
    for divisor in dict.fromkeys((scale, 65535.0, 255.0)):
        # A few rows tell soonest that a divisor is wrong; only all pixels tell that it is right.
        if scale <= 1 or _counts([plane[::97] for plane in planes], divisor) is None:
            continue
        counts = _counts(planes, divisor)
        if counts is not None:
            return counts, 255 if scale == 255 else max(65535, int(min(scale, 2.0**32 - 1)))
    if scale > 1:
        planes = [plane * numpy.float32(scale) for plane in planes]
    return planes, None


def _counts(planes, divisor):
    """Planes times a divisor, in whole numbers; None if they do not come out whole."""
    counted = []
    for plane in planes:
        exact = plane * numpy.float32(divisor)
        whole = numpy.rint(exact)
        exact -= whole
        # float32 has 24 bits: 65535 comes back to within 0.004. Not true of NaN either.
        if exact.size and not (exact.max() < 0.02 and exact.min() > -0.02):
            return None
        counted.append(whole)
    return counted


def best_plane(ratings):
    """Index of the decided plane with the lowest expected level, or None."""
    decided = [index for index, each in enumerate(ratings) if each.status != "undecided"]
    return min(decided, key=lambda index: ratings[index].expected_level) if decided else None


def shown_plane(ratings, best):
    """The best plane, or the most certain one if all are undecided."""
    if best is not None:
        return best
    return int(
        numpy.argmax(numpy.nan_to_num([each.certainty.aggregate for each in ratings], nan=-1))
    )


def image_values(rating, shape, model):
    """Value of each feature of an image."""
    rated = rating.rated_patches > 0
    level = _number(rating.level)
    values = {
        "Score": level,
        "Level": level,
        "ExpectedLevel": rating.expected_level,
        "LevelSd": rating.level_sd,
        "DefocusPx": rating.defocus_px,
        "InFocusProbability": rating.in_focus_probability if rated else numpy.nan,
        "Certainty": rating.certainty.aggregate,
        "CertaintyMean": rating.certainty.mean,
        "CertaintyMax": rating.certainty.max,
        "CertaintyAggregate": rating.certainty.aggregate,
        "CertaintyWeighted": rating.certainty.weighted,
        "RatedFraction": rating.rated_fraction,
        "SaturatedFraction": _number(rating.saturated_fraction),
        "OutOfDomain": _number(rating.out_of_domain),
    }
    values.update(zip(PROBABILITIES, (float(p) for p in rating.probabilities)))
    values.update(_flags(rating.status))
    values["Height"], values["Width"] = int(shape[0]), int(shape[1])
    values["Patches"], values["BlankPatches"] = rating.rated_patches, rating.blank_patches
    values["Status"], values["Reason"] = rating.status, rating.reason
    values["Model"], values["PackageSha256"] = model.name, model.package_sha256
    return values


def stack_values(ratings, best):
    """Value of each feature that only 3D images have."""
    decided = [each.status for each in ratings if each.status != "undecided"]
    percent = 100.0 * decided.count("in_focus") / len(decided) if decided else numpy.nan
    return {"BestPlane": _number(best), "PercentInFocus": percent, "Planes": len(ratings)}


def patch_labels(ratings, shape, corner):
    """Label each pixel with the number of its patch, from 1, plane by plane; 0 outside."""
    labels = numpy.zeros(shape, numpy.int32)
    planes = labels if labels.ndim == 3 else labels[numpy.newaxis]
    top, left = corner
    first = 1
    for plane, rating in zip(planes, ratings):
        rows, columns = rating.patches.certainty.shape
        numbers = numpy.arange(first, first + rows * columns).reshape(rows, columns)
        box = plane[top : top + rows * PATCH_PX, left : left + columns * PATCH_PX]
        box[...] = numbers.repeat(PATCH_PX, 0).repeat(PATCH_PX, 1)
        first += rows * columns
    return labels


def patch_values(ratings, corner):
    """Array of each feature of the patches, in the order of their labels."""
    top, left = corner
    places = [numpy.indices(rating.patches.certainty.shape).reshape(2, -1) for rating in ratings]
    row, column = numpy.concatenate(places, axis=1)
    levels = numpy.concatenate([each.patches.level.ravel() for each in ratings]).astype(float)
    levels[levels < 0] = numpy.nan
    probabilities = _patch_probabilities(ratings)
    values = {
        "Row": row,
        "Column": column,
        "X": column * PATCH_PX + left,
        "Y": row * PATCH_PX + top,
        "Score": levels,
        "Level": levels,
        "ExpectedLevel": numpy.concatenate([r.patches.expected_level.ravel() for r in ratings]),
        "Certainty": numpy.concatenate([r.patches.certainty.ravel() for r in ratings]),
    }
    values.update(zip(PROBABILITIES, probabilities.T))
    return values


def object_values(segmented, labels, ratings, count, model, out_of_domain=None):
    """Array of each feature of objects: their patches', weighted by overlap and certainty.

    Objects in an image that is out of the model's domain are as undecided as the image.
    """
    from zfocus_model.rating import rate_patches

    probabilities = _patch_probabilities(ratings)
    sure = numpy.concatenate([each.patches.certainty.ravel() for each in ratings])
    usable = ~numpy.isnan(sure)
    inside = (segmented > 0) & (labels > 0)
    pairs = segmented[inside].astype(numpy.int64) * (len(sure) + 1) + labels[inside]
    pairs, pixels = numpy.unique(pairs, return_counts=True)
    owners, patches = pairs // (len(sure) + 1), pairs % (len(sure) + 1) - 1
    values = {name: numpy.full(count, numpy.nan) for name in OBJECT_FLOATS}
    values.update((name, numpy.zeros(count, int)) for name in FLAGS)
    for number in range(1, count + 1):
        low, high = numpy.searchsorted(owners, [number, number + 1])
        mine = patches[low:high]
        good = usable[mine]
        mine, weights = mine[good], pixels[low:high][good].astype(float)
        if len(mine):
            certain = weights * sure[mine]
            weights = certain if certain.sum() > 0 else weights
            mean = weights @ probabilities[mine] / weights.sum()
            grid = mean.reshape(1, 1, -1)
        else:
            grid = numpy.full((1, 1, len(PROBABILITIES)), numpy.nan)
        rating = rate_patches(grid, model.package.limits, out_of_domain=out_of_domain)
        values["Score"][number - 1] = values["Level"][number - 1] = _number(rating.level)
        values["ExpectedLevel"][number - 1] = rating.expected_level
        values["Certainty"][number - 1] = rating.certainty.aggregate
        values["InFocusProbability"][number - 1] = rating.in_focus_probability
        for name, flag in _flags(rating.status).items():
            values[name][number - 1] = flag
    return values


def draw_overlay(image, ratings, corner):
    """Grey image with coloured borders around its patches, (..., 3) float32 in 0..1."""
    from zfocus_model.planes import grey
    from zfocus_model.report.colours import level_colour

    planes = image.pixel_data if image.volumetric else image.pixel_data[numpy.newaxis]
    top, left = corner
    drawn = []
    for pixels, rating in zip(planes, ratings):
        plane = numpy.nan_to_num(numpy.asarray(grey(pixels), numpy.float32))
        # Every 7th pixel of every 7th row tells the range as well as all do, and sooner.
        low, high = numpy.percentile(plane[::7, ::7], (0.5, 99.5)) if plane.size else (0, 1)
        shade = numpy.clip((plane - low) / ((high - low) or 1), 0, 1)
        picture = numpy.repeat(shade[..., numpy.newaxis].astype(numpy.float32), 3, axis=-1)
        patches = rating.patches
        colours = level_colour(patches.expected_level, patches.certainty) / numpy.float32(255)
        for row, column in numpy.ndindex(*patches.certainty.shape):
            y, x = top + row * PATCH_PX, left + column * PATCH_PX
            box = picture[y : y + PATCH_PX, x : x + PATCH_PX]
            for edge in (box[1:4], box[-4:-1], box[:, 1:4], box[:, -4:-1]):
                edge[...] = colours[row, column]
        drawn.append(picture)
    return numpy.stack(drawn) if image.volumetric else drawn[0]


def _patch_probabilities(ratings):
    return numpy.concatenate([r.patches.probabilities.reshape(-1, 11) for r in ratings]).astype(
        float
    )


def _several(names):
    names = names.split(", ") if isinstance(names, str) else list(names)
    return [name for name in names if name]


def _name(feature, image_name):
    return "_".join((CATEGORY, feature, image_name))


def _number(value):
    return numpy.nan if value is None else float(value)


def _flags(status):
    return {
        "InFocus": int(status == "in_focus"),
        "OutOfFocus": int(status == "out_of_focus"),
        "Undecided": int(status == "undecided"),
    }


def _shown(value):
    if isinstance(value, float):
        return "" if numpy.isnan(value) else "%.3g" % value
    return str(value)
