"""The Fiji door: put scripts, a model and ONNX Runtime where Fiji finds them, and take them out.

Everything that is put into a Fiji folder is listed there, with its SHA-256, in
``zfocus/installed.json``. Only what is listed is ever replaced or removed, and what somebody has
edited since is kept.
"""

from __future__ import annotations

from zfocus_model.fiji_bundle.archive import bundle
from zfocus_model.fiji_bundle.installation import Done, install, uninstall
from zfocus_model.fiji_bundle.state import check

__all__ = ["Done", "bundle", "check", "install", "uninstall"]
