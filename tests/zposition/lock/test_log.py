from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time

import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.log import COLUMNS, Event, LockLog, read_log

MOVE = Event(
    12.5, 7, "locked", "move", "correct", 1.0, 0.75, 0.5, "decided", "", 0.8, 0.8, -3.5, 0.0,
    100.25, -0.48, 99.77, 12.0, 6.5, 0.1,
)  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    log = LockLog(tmp_path / "new" / "lock.csv")
    log.add(MOVE)
    log.add(Event(13, 7, "locked", "none", "camera_failed", message='said "no", twice,\nreally'))
    log.close()
    first, second = read_log(log.path)
    assert first == MOVE
    assert second.message == 'said "no", twice, really' and math.isnan(second.z_um)
    text = log.path.read_text()
    assert text.splitlines()[0].startswith("time_s,frame,mode,action,reason,z_um,z_expected_um")
    assert len(text.splitlines()) == 3


def test_a_log_is_only_appended_to_and_a_cut_line_left_out(tmp_path):
    path = tmp_path / "lock.csv"
    for _ in range(2):
        log = LockLog(path)
        log.add(MOVE)
        log.close()
    assert read_log(path) == [MOVE, MOVE]
    path.write_text(path.read_text()[:-20])
    log = LockLog(path)
    log.add(MOVE)
    log.close()
    assert read_log(path) == [MOVE, MOVE]


def test_another_table_is_not_written_to(tmp_path):
    path = tmp_path / "images.csv"
    path.write_text("image,level\n")
    with pytest.raises(ZfocusError, match="another table"):
        LockLog(path)
    with pytest.raises(ZfocusError, match="expected a log of the focus lock"):
        read_log(path)
    assert path.read_text() == "image,level\n"
    with pytest.raises(ZfocusError, match="expected a log"):
        read_log(tmp_path / "none.csv")
    with pytest.raises(ZfocusError, match="can be written"):
        LockLog(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_it_survives_a_kill(tmp_path):
    path = tmp_path / "lock.csv"
    program = (
        "import sys, time; from pathlib import Path\n"
        "from zfocus_model.zposition.lock.log import Event, LockLog\n"
        "log = LockLog(Path(sys.argv[1]))\n"
        "for n in range(1000000):\n"
        "    log.add(Event(n, n, 'locked', 'hold', 'deadband')); time.sleep(1e-3)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)])
    for _ in range(600):
        if path.exists() and path.read_text().count("\n") > 5:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    events = read_log(path)
    assert len(events) >= 5 and [event.frame for event in events] == list(range(len(events)))


def test_columns_are_appended_never_renamed():
    assert COLUMNS[:6] == ("time_s", "frame", "mode", "action", "reason", "z_um")
    assert len(COLUMNS) == 21
