"""A model, kept open: `open_model().rate(plane)` for any number of planes."""

from __future__ import division

import os

from ij import IJ

from zfocus_fiji.engines import open_engine
from zfocus_fiji.packages import find_package, open_package
from zfocus_fiji.rating import rate_patches
from zfocus_fiji.words import ZfocusError


class Model(object):
    """A package in an engine. `package` has name, version, sha256 and limits."""

    def __init__(self, package, engine):
        self.package, self.engine = package, engine

    def rate(self, plane):
        """Rate a plane (pixels.Plane)."""
        return next(iter(self.rate_many([plane])))

    def rate_many(self, planes):
        """Ratings of planes, one after the other; any iterable, which is read lazily.

        The `zfocus` command, where it must stand in for the jar, is called once for all.
        """
        shapes = []

        def noted():
            for plane in planes:
                shapes.append((plane.height, plane.width, plane.saturated_fraction, plane.origin))
                yield plane

        for number, (found, out_of_domain) in enumerate(self.engine.rate(noted())):
            height, width, saturated, origin = shapes[number]
            shapes[number] = None
            limits = self.package.limits
            yield rate_patches(found, limits, height, width, saturated, out_of_domain, origin)


def open_model(folder=""):
    """Open the model in a folder; without one, that which was installed into Fiji.

    What it holds is checked every time; its sessions stay open until Fiji ends.
    """
    package = open_package(folder.strip() or installed_model())
    return Model(package, open_engine(package, command_file()))


def command_file():
    """File in which the installer keeps the path of the zfocus command."""
    return os.path.join(fiji_folder(), "zfocus", "command.txt")


def installed_model():
    """Folder of the model that was installed into Fiji."""
    models = os.path.join(fiji_folder(), "zfocus", "models")
    found = find_package(models)
    if found is None:
        raise ZfocusError(
            "expected a zfocus model in %s, found none: in a terminal, `pip install zfocus` and "
            "`zfocus fiji install --fiji FOLDER_OF_FIJI`" % models
        )
    return found


def fiji_folder():
    """The Fiji folder: this file lies in its jars/Lib/zfocus_fiji."""
    here = os.path.abspath(__file__.replace("$py.class", ".py"))
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(here))))
    if os.path.isdir(os.path.join(above, "zfocus")):
        return above
    return IJ.getDirectory("imagej") or above
