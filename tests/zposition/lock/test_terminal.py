from __future__ import annotations

import io
from dataclasses import replace

from zfocus_model.zposition.lock.keys import COMMANDS, Keys
from zfocus_model.zposition.lock.log import Event
from zfocus_model.zposition.lock.plot import draw
from zfocus_model.zposition.lock.terminal import Picture, panel, shown

FRAME = Event(
    0.0, 0, "locked", "hold", "deadband", 0.0, 0.25, 0.4, "decided", "", 0.2, 0.2, 1.5, 0.0, 101.0
)
NOTE = Event(40.0, 1, "no_camera", "none", "camera_failed", message="it hangs; again in 1 s")


def frames(number, interval_s=0.05):
    return [replace(FRAME, time_s=n * interval_s, frame=n) for n in range(number)]


def test_plain_lines_come_where_there_is_no_terminal():
    stream = io.StringIO()
    with shown(1.0, to=stream) as show:
        for event in [*frames(2401), NOTE, replace(FRAME, time_s=130.0, mode="blind")]:
            show(event)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5  # at 0, 60 and 120 s, the note, the new mode
    assert "z +0.20 um  error +0.20 um  stage +101.00 um  drift +1.5 um/h" in lines[0]
    assert lines[3] == "0:00:40  camera_failed  it hangs; again in 1 s"
    assert "blind" in lines[4]


def test_the_panel_says_what_is_going_on():
    from rich.console import Console

    picture = Picture()
    for event in [*frames(100), NOTE, replace(FRAME, time_s=5.0, action="move", reason="correct")]:
        picture.add(event)
    stream = io.StringIO()
    Console(file=stream, width=90).print(panel(picture, keys=True, dry_run=True))
    text = stream.getvalue()
    for words in (
        "locked", "+0.25 um  sd 0.40 um", "move: correct", "20.0 a second", "q quit",
        "100.0% of 101 readings", "camera_failed", "dry run",
    ):  # fmt: skip
        assert words in text, words
    undecided = replace(FRAME, status="undecided", why="bimodal", error_um=float("nan"))
    picture.add(undecided)
    assert ("z read", "undecided (bimodal)") in picture.rows()
    assert Picture().rows() == [("state", "waiting for the first picture")]


def test_the_trace_shows_side_and_size_of_errors():
    picture = Picture()
    for error_um in (-5, -1, 0.0, 0.99, 5, float("nan")):
        picture.add(replace(FRAME, error_um=error_um))
    assert picture.trace() == "▁▁▅██ "


def test_without_a_terminal_there_are_no_keys():
    with Keys() as keys:
        assert keys.command() == ""
    assert set(COMMANDS.values()) == {"pause", "relock", "quit"}


def test_a_plot_of_any_log_can_be_drawn():
    from xml.etree import ElementTree

    for events in ([], [NOTE], frames(1), [*frames(5000), NOTE]):
        svg = draw(events, truth=[(0.0, 3.0), (1.0, 0.0)])
        ElementTree.fromstring(svg)
        assert svg.count("<rect") < 4000
