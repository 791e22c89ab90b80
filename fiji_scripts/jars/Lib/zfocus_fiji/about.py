"""Plugins > zfocus > About zfocus: what is installed here, and whether it works."""

from __future__ import division

import os

import jarray
from ij import IJ
from ij.measure import ResultsTable
from ij.process import FloatProcessor
from java.lang import LinkageError, System

from zfocus_fiji.engines import find_command
from zfocus_fiji.model import command_file, fiji_folder, installed_model, open_model
from zfocus_fiji.npy import read_npy
from zfocus_fiji.packages import open_package
from zfocus_fiji.pixels import Plane
from zfocus_fiji.scripts import show
from zfocus_fiji.words import LEVELS, PATCH_PX, ZfocusError

TITLE = "About zfocus"
TOLERANCE = 1e-4


def run(model=""):
    """A table of what is installed; ZfocusError if the model or its engine does not work."""
    package = open_package(model.strip() or installed_model())
    opened = open_model(model)
    largest = self_test(opened)
    command = find_command(command_file())
    rows = [
        ("model", "%s %s" % (package.name, package.version)),
        ("package_sha256", package.sha256),
        ("model folder", package.folder),
        ("engine", opened.engine.name),
        ("ONNX Runtime jar", onnxruntime_version() or "none"),
        ("zfocus command (where the jar does not run)", command or "none found"),
        ("tells images that it was not made for", "yes" if package.has_domain else "no"),
        ("self-test", "passed: the model's own test differs by %.1g at most" % largest),
        ("Fiji folder", fiji_folder()),
        ("ImageJ", IJ.getFullVersion()),
        ("Java", "%s, %s %s" % tuple(
            System.getProperty(name) for name in ("java.version", "os.name", "os.arch")
        )),
    ]  # fmt: skip
    table = ResultsTable()
    table.showRowNumbers(False)
    for what, value in rows:
        table.incrementCounter()
        table.addValue("What", what)
        table.addValue("Value", value)
    show(table, TITLE)
    return table


def self_test(model):
    """Largest difference between the model's answer here and that in its package, 0 to 1.

    Raises ZfocusError if it is more than 1e-4.
    """
    shape, values = read_npy(model.package.read("test_input.npy"))
    _, expected = read_npy(model.package.read("test_output.npy"))
    pixels = jarray.array(values, "f")
    planes = []
    size = PATCH_PX * PATCH_PX
    for number in range(shape[0]):
        patch = pixels[number * size : (number + 1) * size]
        planes.append(Plane(FloatProcessor(PATCH_PX, PATCH_PX, patch), [True], None))
    found = []
    for rating in model.rate_many(planes):
        found += rating.patches[0].probabilities
    largest = max(abs(a - b) for a, b in zip(found, expected))
    if len(found) != shape[0] * LEVELS or not largest <= TOLERANCE:
        raise ZfocusError(
            "expected the model's own test to give the answer in its package, got a difference of "
            "%.2g: install the model again, or another onnxruntime jar (zfocus fiji install)"
            % largest
        )
    return largest


def onnxruntime_version():
    """Name of the jar that ONNX Runtime is loaded from; empty if there is none."""
    try:
        from ai.onnxruntime import OrtEnvironment
    except (ImportError, LinkageError):  # none, or none for this processor
        return ""
    source = OrtEnvironment.getProtectionDomain().getCodeSource()
    place = source.getLocation() if source is not None else None  # class loaders need not tell
    return os.path.basename(place.getPath()) if place is not None else "one of unknown place"
