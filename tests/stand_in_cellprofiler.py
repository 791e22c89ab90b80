"""The few classes of CellProfiler that MeasureImageFocus touches, for Python 3.8 and numpy alone.

CellProfiler's packaged application has no build for Linux; this stands in for what it carries.
"""

from __future__ import annotations

import sys
import types

import numpy as np


class Setting:
    def __init__(self, text, *values, **named):
        self.value = named.get("value", values[0] if values else "")
        if isinstance(self.value, list):
            self.value = self.value[0]


class Module:
    def __init__(self):
        self.show_window = False
        self.create_settings()


class Image:
    def __init__(self, image, mask=None, scale=None, parent_image=None, dimensions=2, **_):
        self.pixel_data, self.scale, self.parent_image = image, scale, parent_image
        self.dimensions, self.volumetric = dimensions, dimensions == 3
        self.has_mask, self.has_crop_mask, self.crop_mask = mask is not None, False, None
        self.mask = np.ones(image.shape[:dimensions], bool) if mask is None else mask


class Measurements(dict):
    def add_image_measurement(self, name, value):
        self["Image", name] = value

    def add_measurement(self, objects, name, value):
        self[objects, name] = value


class Images(dict):
    def get_image(self, name):
        return self[name]

    def add(self, name, image):
        self[name] = image


class ObjectSet(dict):
    def add_objects(self, objects, name):
        self[name] = objects

    def get_objects(self, name):
        return self[name]


class Objects:
    segmented = None

    @property
    def count(self):
        return int(self.segmented.max(initial=0))


def count(measurements, name, number):
    measurements.add_image_measurement("Count_" + name, number)


def locations(measurements, name, labels, number):
    measurements.add_measurement(name, "Number_Object_Number", np.arange(1, number + 1))


def install():
    """Put the stand-ins where the module imports them from."""
    parts = {
        "": {},
        ".constants": {},
        ".constants.measurement": {
            "COLTYPE_FLOAT": "float",
            "COLTYPE_INTEGER": "integer",
            "COLTYPE_VARCHAR_FORMAT": "varchar(%d)",
            "IMAGE": "Image",
            "IMAGE_NUMBER": "ImageNumber",
            "M_LOCATION_CENTER_Z": "Location_Center_Z",
        },
        ".image": {"Image": Image},
        ".module": {"Module": Module},
        ".object": {"Objects": Objects},
        ".setting": {"Binary": Setting, "Divider": object, "ValidationError": ValueError},
        ".setting.choice": {"Choice": Setting},
        ".setting.subscriber": {"ImageListSubscriber": Setting, "LabelListSubscriber": Setting},
        ".setting.text": {"ImageName": Setting, "LabelName": Setting, "Text": Setting},
        ".utilities": {},
        ".utilities.core": {},
        ".utilities.core.module": {},
        ".utilities.core.module.identify": {
            "add_object_count_measurements": count,
            "add_object_location_measurements": locations,
            "get_object_measurement_columns": lambda name: [],
        },
    }
    for name, contents in parts.items():
        module = types.ModuleType("cellprofiler_core" + name)
        module.__dict__.update(contents)
        sys.modules[module.__name__] = module
