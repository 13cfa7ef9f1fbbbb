"""Advisory locks: who waits is seen, holds up nobody else, and is part of the cycles that deadlocks are."""

import threading
import time

import pytest
from psycopg import errors

import dotdo_postgres as psycopg


@pytest.fixture
def connect(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    opened = []

    def open_one():
        opened.append(psycopg.connect("dbname=shop", autocommit=True))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def pid(connection):
    return connection.execute("select pg_backend_pid()").fetchone()[0]


def wait_until_blocked(watcher, waiter_pid, by):
    for _ in range(500):
        told = watcher.execute("select pg_blocking_pids(%s)", [waiter_pid]).fetchone()[0]
        if told:
            assert told == [by]
            return
        time.sleep(0.01)
    pytest.fail("nobody waits")


def test_who_waits_within_a_transaction_holds_up_nobody_and_is_found_in_a_cycle(connect):
    holder, waiter, watcher = connect(), connect(), connect()
    holder.execute("create table t (id int primary key, v int)")
    holder.execute("insert into t values (1, 1), (2, 2)")
    holder.execute("select pg_advisory_lock(1)")
    waiter_pid, holder_pid = pid(waiter), pid(holder)

    def work():
        with waiter.transaction():
            waiter.execute("update t set v = 9 where id = 1")
            waiter.execute("select pg_advisory_lock(1)")

    thread = threading.Thread(target=work)
    thread.start()
    wait_until_blocked(watcher, waiter_pid, holder_pid)
    asked = "select pg_isolation_test_session_is_blocked(%s, array[%s]), pg_isolation_test_session_is_blocked(%s, array[%s])"
    asked_of = [waiter_pid, holder_pid, holder_pid, waiter_pid]
    assert watcher.execute(asked, asked_of).fetchone() == (True, False)
    holder.execute("update t set v = 3 where id = 2")
    with pytest.raises(errors.DeadlockDetected):
        holder.execute("update t set v = 4 where id = 1")
    holder.execute("select pg_advisory_unlock(1)")
    thread.join(10)
    assert watcher.execute("select id, v from t order by id").fetchall() == [(1, 9), (2, 3)]
    assert watcher.execute("select pg_blocking_pids(%s)", [waiter_pid]).fetchone() == ([],)


def test_a_lock_that_is_not_given_back_in_time_is_not_waited_for_longer(connect):
    holder, waiter = connect(), connect()
    holder.execute("select pg_advisory_lock(1)")
    raised = []

    def work():
        waiter.execute("set lock_timeout = '50ms'")
        try:
            waiter.execute("select pg_advisory_lock(1)")
        except errors.LockNotAvailable as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert len(raised) == 1
    assert holder.execute("select pg_blocking_pids(%s)", [pid(waiter)]).fetchone() == ([],)


def test_another_connection_of_the_same_thread_is_not_waited_for(connect):
    holder, waiter = connect(), connect()
    holder.execute("select pg_advisory_lock(1)")
    with pytest.raises(errors.LockNotAvailable):
        waiter.execute("select pg_advisory_lock(1)")
