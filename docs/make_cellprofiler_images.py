"""Take pictures of MeasureImageFocus in CellProfiler's own windows, for docs/cellprofiler.md.

Needs CellProfiler 4.2.8 with wxPython, ImageMagick's import and a display; on a server:

    Xvfb :9 -screen 0 1500x1000x24 & openbox --display :9 &
    DISPLAY=:9 python docs/make_cellprofiler_images.py

It starts the application with the pipeline plate_qc.cppipe on a simulated field that tilts out of
focus, chooses the module, runs it in test mode and photographs the screen. wxPython 4.2 refuses
numbers with a fraction on Python 3.10 and newer, so they are rounded here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import wx

HERE = Path(__file__).resolve().parent
PLUGIN = HERE.parent / "cellprofiler_plugin"
sys.path[:0] = [str(HERE), str(HERE.parent)]
from make_images import IMAGES, tilted  # noqa: E402

MODULE = 2  # of the pipeline: LoadData, MeasureImageFocus, ...
PAUSE_MS = 6000


def main() -> None:
    """Write docs/images/cellprofiler_settings.png and cellprofiler_window.png."""
    for kind in (wx.Point, wx.Size):
        _round_numbers(kind)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tifffile.imwrite(folder / "field.tif", tilted(np.random.default_rng(3))[:, :504])
        (folder / "images.csv").write_text("Image_FileName_DNA,Image_PathName_DNA\nfield.tif,.\n")
        from cellprofiler_core import preferences

        preferences.set_telemetry(False)
        preferences.set_telemetry_prompt(False)
        preferences.set_startup_blurb(False)
        preferences.set_plugin_directory(str(PLUGIN), globally=False)
        preferences.set_default_image_directory(str(folder))
        preferences.set_default_output_directory(str(folder))
        from cellprofiler.gui.app import App

        app = App(0, pipeline_path=str(PLUGIN / "pipelines" / "plate_qc.cppipe"))
        wx.CallLater(PAUSE_MS, _take, app.frame)
        app.MainLoop()


def _take(frame: Any) -> None:
    controller = frame.pipeline_controller
    (splitter,) = [child for child in frame.Children if isinstance(child, wx.SplitterWindow)]
    steps: list[Callable[[], Any]] = [
        lambda: splitter.SetSashPosition(300),
        lambda: frame.pipeline_list_view.select_one_module(MODULE),
        lambda: _photograph(frame, "cellprofiler_settings.png"),
        lambda: setattr(frame.pipeline.module(MODULE), "show_window", True),
        lambda: controller.on_debug_start(None),
        *[lambda: controller.on_debug_step(None)] * MODULE,
        lambda: _figure().SetSize(900, 600),
        lambda: _figure().Raise(),
        lambda: _photograph(_figure(), "cellprofiler_window.png"),
        lambda: wx.GetApp().ExitMainLoop(),
    ]

    def step() -> None:
        steps.pop(0)()
        if steps:
            wx.CallLater(PAUSE_MS, step)

    step()


def _figure() -> Any:
    (figure,) = [
        window
        for window in wx.GetTopLevelWindows()
        if window.IsShown() and "MeasureImageFocus #" in window.GetTitle()
    ]
    return figure


def _photograph(window: Any, name: str) -> None:
    # From outside: within wxGTK a second picture of the screen would show the first once more.
    x, y, width, height = window.GetRect()
    crop = ["-crop", f"{width}x{height}+{x}+{y}", "+repage"]
    subprocess.run(["import", "-window", "root", *crop, str(IMAGES / name)], check=True)
    print(IMAGES / name)


def _round_numbers(kind: Any) -> None:
    made = kind.__init__

    def rounded(self: Any, *values: Any, **named: Any) -> None:
        made(self, *(round(v) if isinstance(v, float) else v for v in values), **named)

    kind.__init__ = rounded


if __name__ == "__main__":
    main()
