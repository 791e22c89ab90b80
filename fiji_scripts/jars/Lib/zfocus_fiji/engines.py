"""Patches to probabilities: ONNX Runtime in this Java, or the `zfocus` command beside it."""

from __future__ import division

import json
import os
import shutil
import tempfile

import jarray
from ij import IJ, ImagePlus, Prefs
from ij.io import FileSaver
from java.io import File
from java.lang import Exception as JavaException
from java.lang import LinkageError, ProcessBuilder, Runtime, System
from java.nio import FloatBuffer

from zfocus_fiji.packages import DOMAIN_ONNX, ONNX
from zfocus_fiji.rating import domain_sample, out_of_domain_score
from zfocus_fiji.words import LEVELS, PATCH_PX, ZfocusError

BATCH = 48
MAX_THREADS = 8


class OnnxEngine(object):
    """The package's networks in ONNX Runtime for Java, each in one session."""

    name = "ONNX Runtime (jar)"

    def __init__(self, package):
        self.package = package
        self._focus = _Network(package, ONNX)
        self._domain = _Network(package, DOMAIN_ONNX) if package.has_domain else None

    def rate(self, planes):
        """For each plane: probabilities of its patches (None: not rated), out_of_domain."""
        for plane in planes:
            yield self._rate(plane)

    def _rate(self, plane):
        found = [None] * len(plane.rated)
        numbers = [number for number, rated in enumerate(plane.rated) if rated]
        for start in range(0, len(numbers), BATCH):
            chosen = numbers[start : start + BATCH]
            rows = self._focus.run(_pixels(plane, chosen), len(chosen))
            for number, row in zip(chosen, rows):
                found[number] = row
        domain = []
        if self._domain and numbers:
            chosen = [numbers[index] for index in domain_sample(len(numbers))]
            domain = self._domain.run(_pixels(plane, chosen), len(chosen))
        return found, out_of_domain_score(domain)


def _pixels(plane, numbers):
    """The pixels of patches in a buffer for ONNX Runtime."""
    pixels = FloatBuffer.allocate(len(numbers) * PATCH_PX * PATCH_PX)
    for number in numbers:
        pixels.put(plane.patch(number))
    return pixels


class _Network(object):
    """A network in a session, which stays open until Fiji ends.

    Every run of a script imports its modules anew. ImageJ keeps the sessions in between, so that
    a macro that rates a thousand images opens one, not a thousand.
    """

    def __init__(self, package, file_name):
        from ai.onnxruntime import OnnxTensor, OrtEnvironment, OrtException, OrtLoggingLevel
        from ai.onnxruntime.OrtSession import SessionOptions

        self._tensor, self._failure = OnnxTensor, OrtException
        self._what = "%s of %s" % (file_name, package.folder)
        data = package.read(file_name)
        self._environment = OrtEnvironment.getEnvironment()
        key = "zfocus.session." + package.files[file_name]
        self.session = IJ.getProperty(key)
        if self.session is None:
            options = SessionOptions()
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR)
            processors = Runtime.getRuntime().availableProcessors()
            options.setIntraOpNumThreads(max(1, min(MAX_THREADS, processors)))
            try:
                self.session = self._environment.createSession(jarray.array(data, "b"), options)
            except OrtException as error:
                raise self._unusable(error)
            IJ.setProperty(key, self.session)
        self._input = self.session.getInputNames().iterator().next()

    def run(self, pixels, count):
        """Rows of probabilities for a buffer of patches."""
        pixels.rewind()
        shape = jarray.array([count, PATCH_PX, PATCH_PX, 1], "l")
        tensor = result = None
        try:
            tensor = self._tensor.createTensor(self._environment, pixels, shape)
            result = self.session.run({self._input: tensor})
            return [list(row) for row in result.get(0).getValue()]
        except self._failure as error:
            raise self._unusable(error)
        finally:
            for thing in (result, tensor):
                if thing is not None:
                    thing.close()

    def _unusable(self, error):
        why = " ".join(error.getMessage().split())
        return ZfocusError(
            "expected %s to run in ONNX Runtime (%s): install the model again (zfocus fiji "
            "install), or update zfocus" % (self._what, why)
        )


class CommandEngine(object):
    """The `zfocus` command, called once for all planes that are asked for together."""

    name = "zfocus command"

    def __init__(self, package, command):
        self.package, self.command = package, command

    def rate(self, planes):
        """For each plane: probabilities of its patches (None: not rated), out_of_domain."""
        folder = tempfile.mkdtemp(prefix="zfocus-")
        try:
            counts, names = [], []
            for plane in planes:
                counts.append(len(plane.rated))
                if any(plane.rated):
                    names.append("%07d.tif" % (len(counts) - 1))
                    _save(plane, os.path.join(folder, names[-1]))
            answers = self._ask(folder) if names else {}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for number, count in enumerate(counts):
            yield answers.get(number, ([None] * count, None))

    def _ask(self, folder):
        model = self.package.folder
        command = [self.command, "rate", "--json", "--model", model, folder]
        answer, trouble = os.path.join(folder, "answer"), os.path.join(folder, "trouble")
        builder = ProcessBuilder(command)
        builder.redirectOutput(File(answer)).redirectError(File(trouble))
        try:
            code = builder.start().waitFor()
        except JavaException as error:
            raise ZfocusError(
                "expected the zfocus command at %s, which does not start (%s): install zfocus "
                "again, or the ONNX Runtime jar (zfocus fiji install)"
                % (self.command, error.getMessage())
            )
        answers = {}
        with open(answer, "rb") as stream:
            for line in stream:
                row = json.loads(line.decode("utf-8"))
                if row["package_sha256"] != self.package.sha256:
                    raise ZfocusError("expected the zfocus command to use the model of Fiji")
                number = int(row["image"][:-4])
                patches = [
                    None if patch["level"] is None
                    else [patch["p%d" % level] for level in range(LEVELS)]
                    for patch in row["patches"]
                ]  # fmt: skip
                answers[number] = patches, row["out_of_domain"]
        if code != 0:
            with open(trouble, "rb") as stream:
                lines = stream.read().decode("utf-8", "replace").strip().splitlines()
            raise ZfocusError("the zfocus command failed: %s" % (lines[-1] if lines else code))
        return answers


def open_engine(package, command_file=None):
    """The jar if it is there and runs on this computer, else the command, else ZfocusError."""
    try:
        return OnnxEngine(package)
    except ImportError:
        why = "there is no ONNX Runtime jar in Fiji's jars folder"
    except LinkageError as error:  # no library for this processor, or it cannot be unpacked
        cause = error.getCause() or error
        why = "the ONNX Runtime jar does not run on this computer (%s)" % cause.getMessage()
    command = find_command(command_file)
    if command:
        return CommandEngine(package, command)
    raise ZfocusError(
        "%s, and no zfocus command is known: in a terminal, `pip install zfocus` and "
        "`zfocus fiji install --fiji FOLDER_OF_FIJI`, then restart Fiji" % why
    )


def find_command(command_file=None):
    """Path of the `zfocus` command: ImageJ's preference zfocus.command, the installer, PATH."""
    known = [Prefs.get("zfocus.command", "")]
    if command_file and os.path.isfile(command_file):
        with open(command_file, "rb") as stream:
            known.append(stream.read().decode("utf-8").strip())
    ending = ".exe" if System.getProperty("os.name").startswith("Windows") else ""
    for folder in (System.getenv("PATH") or "").split(os.pathsep):
        known.append(os.path.join(folder, "zfocus" + ending))
    for path in known:
        if path and os.path.isfile(path):
            return path
    return None


def _save(plane, path):
    """Write a plane as 32-bit TIFF; a NaN marks a patch that is not to be rated."""
    pixels = plane.pixels.duplicate()
    columns = plane.width // PATCH_PX
    for number, rated in enumerate(plane.rated):
        if not rated:
            row, column = divmod(number, columns)
            pixels.setf(column * PATCH_PX, row * PATCH_PX, float("nan"))
    if not FileSaver(ImagePlus("zfocus", pixels)).saveAsTiff(path):
        raise ZfocusError("expected to write %s, which failed: make room on the disk" % path)
