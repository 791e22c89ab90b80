"""Open a model package: a folder that is described, and checked, by its zfocus.json."""

from __future__ import division

import hashlib
import json
import os

from zfocus_fiji.rating import Limits
from zfocus_fiji.words import DISC_PX_PER_LEVEL, LEVELS, PATCH_PX, ZfocusError

DESCRIPTION = "zfocus.json"
ONNX, DOMAIN_ONNX = "model.onnx", "domain.onnx"
DEFAULT_MODEL = "focus-fluorescence"


class Package(object):
    """A model package: `name`, `version`, `sha256`, `folder`, `limits`, `config`, `files`.

    `has_domain`: whether it tells images that it was made for from others.
    """

    def __init__(self, folder, raw):
        self.folder = folder
        self.sha256 = hashlib.sha256(raw).hexdigest()
        about = _parse(folder, raw)
        try:
            self.name, self.version = about["name"], about["version"]
            self.files = about["files"]
            self.config = config = about["config"]["zfocus"]
            status, domain = config["status"], config.get("domain")
            self.limits = Limits(
                float(status["certainty_min"]),
                float(status["in_focus_min"]),
                None if domain is None else float(domain["out_of_domain_max"]),
            )
            self.has_domain = bool(about.get("domain_network"))
            sizes = config["levels"], config["patch_px"], round(config["disc_px_per_level"], 3)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _invalid(folder, "%s is missing or wrong" % error)
        if sizes != (LEVELS, PATCH_PX, round(DISC_PX_PER_LEVEL, 3)):
            raise _invalid(folder, "its levels or patches are others than this version's")
        for name in (ONNX, DOMAIN_ONNX) if self.has_domain else (ONNX,):
            if name not in self.files:
                raise _invalid(folder, "it lists no %s" % name)

    def read(self, name):
        """Bytes of a listed file, checked by its SHA-256."""
        path = os.path.join(self.folder, *name.split("/"))
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except (IOError, OSError):
            raise ZfocusError(
                "expected %s in the model package %s, where it is missing or unreadable: "
                "install the model again (zfocus fiji install)" % (name, self.folder)
            )
        if hashlib.sha256(data).hexdigest() != self.files.get(name):
            raise ZfocusError(
                "expected %s of the model package %s as its %s lists it, but its SHA-256 differs: "
                "install the model again (zfocus fiji install)" % (name, self.folder, DESCRIPTION)
            )
        return data


def open_package(folder):
    """Open the package in a folder.

    Raises ZfocusError if there is none, or it is made for something else. Its other files are
    checked when they are read.
    """
    path = os.path.join(folder, DESCRIPTION)
    if not os.path.isfile(path):
        raise ZfocusError(
            "expected the folder of a model package (with %s in it), got %s: give such a folder, "
            "or leave the model empty" % (DESCRIPTION, folder)
        )
    with open(path, "rb") as stream:
        return Package(folder, stream.read())


def find_package(models):
    """Folder of the model to use among those in a folder of models; None if there is none."""
    if not os.path.isdir(models):
        return None
    names = sorted(os.listdir(models), key=lambda name: (name != DEFAULT_MODEL, name))
    for name in names:
        if os.path.isfile(os.path.join(models, name, DESCRIPTION)):
            return os.path.join(models, name)
    return None


def _parse(folder, raw):
    try:
        about = json.loads(raw.decode("utf-8"))
    except ValueError:
        raise _invalid(folder, "it is no JSON")
    if not isinstance(about, dict) or about.get("schema") != 1:
        raise _invalid(folder, "its schema is not 1")
    if about.get("task") != "focus-level":
        raise ZfocusError(
            "expected a model for the task focus-level, got one for %s in %s: choose another"
            % (about.get("task"), folder)
        )
    return about


def _invalid(folder, why):
    return ZfocusError(
        "expected a valid %s in %s (%s): install the model again (zfocus fiji install), or update "
        "zfocus" % (DESCRIPTION, folder, why)
    )
