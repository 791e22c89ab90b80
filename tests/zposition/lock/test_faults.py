from __future__ import annotations

import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.faults import KINDS, Fault, Havoc
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.simulated import FastClock


def scope_with(*faults):
    havoc = Havoc(faults, StageFaults())
    scope = SimulatedScope(
        lambda _z, _t: [[0]], FastClock(), lambda _t: havoc.jumped_um, exposure_s=0
    )
    return havoc, scope


def test_faults_come_and_go():
    havoc, scope = scope_with(
        Fault("camera_hang", 10, 5), Fault("stage_error", 12, 5), Fault("dark", 30, 1)
    )
    states = []
    for time_s in (0, 11, 13, 16, 20, 30):
        havoc.apply(scope, time_s)
        camera, stage = scope.camera_faults, scope.stage_faults
        states.append((camera.hang_s, stage.refuses, camera.blank))
    assert states == [
        (0, False, False), (4, False, False), (2, True, False),
        (0, True, False), (0, False, False), (0, False, True),
    ]  # fmt: skip


def test_a_bump_happens_once_and_moves_focus():
    havoc, scope = scope_with(Fault("bump", 10, 0, 4.0))
    for time_s in (0, 10, 20):
        havoc.apply(scope, time_s)
    assert scope.z_um(20) == -4.0


def test_an_inverted_stage_goes_the_other_way_from_where_it_is():
    havoc, scope = scope_with(Fault("inverted", 10))
    scope.command(7.0)
    havoc.apply(scope, 0)
    assert scope.z_um(0) == 7.0
    havoc.apply(scope, 10)
    assert scope.z_um(10) == 7.0
    scope.command(8.0)
    havoc.apply(scope, 20)
    assert scope.z_um(20) == 6.0
    havoc.turn_round(scope, 20)  # mended
    scope.command(9.0)
    assert scope.z_um(20) == 7.0


def test_a_stage_that_is_set_free_catches_up_with_what_it_was_told():
    havoc, scope = scope_with(Fault("stage_stuck", 10, 10))
    havoc.apply(scope, 10)
    scope.command(3.0)
    assert (scope.reported_um, scope.z_um(11)) == (3.0, 0.0)
    havoc.apply(scope, 20)
    assert scope.z_um(20) == 3.0


def test_cells_float_in_and_out():
    havoc, _scope = scope_with(Fault("floating", 10, 10, 8), Fault("floating", 15, 10, 4))
    assert [havoc.floating(time_s) for time_s in (5, 12, 17, 22, 30)] == [0, 8, 12, 4, 0]


def test_what_is_no_fault_is_refused():
    with pytest.raises(ZfocusError, match="camera_hang"):
        Fault("camera_hangs", 0)
    with pytest.raises(ZfocusError, match="starts at 0 s"):
        Fault("dark", -1)
    assert len(KINDS) == 12
