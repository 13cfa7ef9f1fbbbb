"""LOCK TABLE: who holds a relation keeps out what its mode conflicts with, by LOCK TABLE or by other statements."""

import threading

import pytest
from psycopg import errors

import dotdo_postgres as psycopg

MODES = (
    "access share", "row share", "row exclusive", "share update exclusive",
    "share", "share row exclusive", "exclusive", "access exclusive",
)  # fmt: skip
#: Of two sessions that lock a table, which pairs of modes PostgreSQL lets through (table 13.2 of its documentation).
COMPATIBLE = {
    "access share": set(MODES[:7]),
    "row share": set(MODES[:6]),
    "row exclusive": set(MODES[:4]),
    "share update exclusive": set(MODES[:3]),
    "share": {"access share", "row share", "share"},
    "share row exclusive": {"access share", "row share"},
    "exclusive": {"access share"},
    "access exclusive": set(),
}


@pytest.fixture
def pair(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    with (
        psycopg.connect("dbname=shop", autocommit=True) as one,
        psycopg.connect("dbname=shop", autocommit=True) as other,
    ):
        one.execute("create table t (id int primary key, v int)")
        one.execute("insert into t values (1, 1)")
        yield one, other


@pytest.mark.parametrize("held", MODES)
@pytest.mark.parametrize("asked", MODES)
def test_two_modes_go_together_or_not(pair, held, asked):
    one, other = pair
    one.execute("begin")
    one.execute(f"lock table t in {held} mode")
    other.execute("begin")
    ask = f"lock table t in {asked} mode nowait"
    if asked in COMPATIBLE[held]:
        other.execute(ask)
    else:
        with pytest.raises(errors.LockNotAvailable, match='lock on relation "t"'):
            other.execute(ask)


@pytest.mark.parametrize(
    ("statement", "strongest"),
    [
        ("select * from t", "exclusive"),
        ("insert into t values (2, 2)", "row exclusive"),
        ("update t set v = 2", "row exclusive"),
        ("delete from t", "row exclusive"),
    ],
)
def test_statements_hold_their_tables_until_the_transaction_ends(pair, statement, strongest):
    one, other = pair
    one.execute("begin")
    one.execute(statement)
    for mode in MODES:
        other.execute("begin")
        if MODES.index(mode) <= MODES.index(strongest):
            other.execute(f"lock t in {mode} mode nowait")
        elif mode != "share update exclusive":  # which goes together with all of these
            with pytest.raises(errors.LockNotAvailable):
                other.execute(f"lock t in {mode} mode nowait")
        other.execute("rollback")
    one.execute("rollback")
    with other.transaction():
        other.execute("lock t nowait")


@pytest.mark.parametrize("statement", ["select * from t", "update t set v = 2 where id = 1"])
def test_a_statement_waits_for_a_lock_and_then_runs(pair, statement):
    one, other = pair
    one.execute("begin")
    one.execute("lock t")
    done = threading.Event()
    thread = threading.Thread(target=lambda: (other.execute(statement), done.set()))
    thread.start()
    assert not done.wait(0.1)
    one.execute("commit")
    assert done.wait(10)
    thread.join()


def test_two_that_lock_crosswise_are_a_deadlock(pair):
    one, other = pair
    one.execute("create table u (id int)")
    one.execute("begin; lock t")
    other.execute("begin; lock u")
    thread = threading.Thread(target=lambda: one.execute("lock u"))
    thread.start()
    pid = one.info.backend_pid
    with psycopg.connect("dbname=shop", autocommit=True) as watcher:
        while not watcher.execute("select pg_blocking_pids(%s)", [pid]).fetchone()[0]:
            pass
    with pytest.raises(errors.DeadlockDetected):
        other.execute("lock t")
    thread.join(10)  # a failed transaction holds nothing
    assert not thread.is_alive()


def test_outside_a_transaction_it_makes_no_sense(pair):
    with pytest.raises(errors.NoActiveSqlTransaction):
        pair[0].execute("lock table t")


def test_what_is_not_there_cannot_be_locked(pair):
    one, _ = pair
    with pytest.raises(errors.UndefinedTable):
        one.execute("begin; lock table nothing")
    one.execute("rollback")


def test_a_role_without_rights_may_not_lock(pair):
    one, _ = pair
    one.execute("create role guest")
    one.execute("set role guest")
    with pytest.raises(errors.InsufficientPrivilege):
        one.execute("begin; lock table t")
