"""Calls are quiet until somebody sees, judges or puts them off, and again afterwards."""


def test_a_gate_is_asked_once_however_often_it_was_added(rig):
    judged = []

    def gate(_ctx, command, _words):
        judged.append(command.name)

    audience = rig.engine.audience
    audience.add_gate(gate)
    audience.add_gate(gate)
    rig("GET", "k")
    audience.drop_gate(gate)
    rig("GET", "k")
    assert judged == ["GET"]
    assert rig.engine.is_quiet


def test_what_has_to_be_done_before_is_done_before_the_next_command(rig):
    def write():
        rig.engine.audience.call_before(None)
        rig.engine.databases[0].put(b"k", b"theirs")

    rig.engine.audience.call_before(write)
    assert rig("GET", "k") == b"theirs"
    assert rig.engine.is_quiet


def test_a_monitor_sees_calls_until_it_leaves(rig):
    watcher = rig.other()
    rig("MONITOR", client=watcher)
    rig("SET", "k", 1)
    rig.engine.disconnect(watcher)
    rig("SET", "k", 2)
    assert [b'"SET" "k"' in line for line in rig.pushed] == [True]
    assert rig.engine.is_quiet
