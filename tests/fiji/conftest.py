"""ImageJ for the tests of Fiji's scripts; where it cannot be started they are left out.

Tests of the modules that are plain Python run everywhere.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

sys.path.insert(0, str(HERE))
sys.path.insert(0, str(ROOT / "fiji_scripts" / "jars" / "Lib"))

import stand_in_fiji as harness  # noqa: E402

# These need ImageJ itself.
if harness.missing():
    assert not os.environ.get("ZFOCUS_FIJI_NEEDED"), harness.missing()
    collect_ignore_glob = ["test_in_imagej*.py"]


_status = 0


def pytest_sessionfinish(exitstatus):
    """Keep the status that the process is to end with."""
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    """End at once where Java runs in this process, after everything has been reported.

    Java and ONNX Runtime's two libraries, Python's and Java's, take each other's threads down
    while the process ends, now and then with a segmentation fault that says nothing of the tests.
    """
    jpype = sys.modules.get("jpype")
    if jpype is not None and jpype.isJVMStarted():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)


@pytest.fixture(scope="session")
def fiji_folder(tmp_path_factory):
    """A folder like Fiji's, with jars, scripts, modules and the shipped model."""
    cache = Path(os.environ.get("ZFOCUS_FIJI_JARS", ROOT / ".nox" / "fiji-jars"))
    jars = harness.fetch_jars(cache)
    return harness.make_fiji(tmp_path_factory.mktemp("Fiji.app"), jars, model=harness.MODEL)


@pytest.fixture(scope="session")
def imagej(fiji_folder):
    """ImageJ, started once."""
    return harness.ImageJ(fiji_folder)


@pytest.fixture(scope="session")
def model():
    """The same model in Python."""
    from zfocus_model import load_model

    return load_model(harness.MODEL)


@pytest.fixture(scope="session")
def stacks(tmp_path_factory):
    """A folder of small stacks: see awkward.write_stacks."""
    from awkward import write_stacks

    folder = tmp_path_factory.mktemp("stacks")
    write_stacks(folder)
    return folder
