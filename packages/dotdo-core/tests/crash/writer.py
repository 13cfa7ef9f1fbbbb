"""Writes at random until it is killed; says on standard output which commits were acknowledged. `python writer.py FILE SEED [0|1]`."""

import contextlib
import os
import random
import sys

from dotdo.errors import ConstraintViolation, LockTimeout, SerializationFailure
from dotdo.storage import Session, Store
from dotdo.storage.presence import SideFile

WORK = (
    (
        (
            "insert into t(_id, id, v, n, b) values (?, ?, ?, ?, ?)"
            " on conflict(id) do update set v = excluded.v, n = n + 1"
        ),
        lambda r, row: (row, key(r), value(r), r.random(), r.randbytes(r.randrange(9))),
    ),
    (
        "insert or replace into t(_id, id, v, n, b) values (?, ?, ?, ?, ?)",
        lambda r, row: (row, key(r), value(r), 1 / 3, None),
    ),
    ("delete from t where id = ?", lambda r, row: (key(r),)),
    ("update t set n = n * 1.1 where id between ? and ?", lambda r, row: span(r)),
    ("insert or ignore into ch(id, tid) values (?, ?)", lambda r, row: (r.randrange(5000), key(r))),
    ("update or replace t set id = ? where id = ?", lambda r, row: (key(r), key(r))),
)


def key(r: random.Random) -> str:
    return f"k{r.randrange(800)}"


def value(r: random.Random) -> str:
    return f"v{r.randrange(2000)}"


def span(r: random.Random) -> tuple[str, str]:
    start = key(r)
    return start, start + "9"


def step(session: Session, r: random.Random) -> None:
    sql, params = r.choice(WORK)
    row = session.allocate(session.catalog.by_table["t"])
    with contextlib.suppress(ConstraintViolation):
        session.write(sql, params(r, row))


def transact(session: Session, r: random.Random) -> None:
    """Write a transaction, sometimes with a savepoint, sometimes undone."""
    session.begin()
    for i in range(r.randrange(1, 25)):
        if i == 3:
            session.savepoint("s")
        step(session, r)
    if r.random() < 0.3 and "s" in session._progress.names:
        session.rollback_to("s")
    session.rollback() if r.random() < 0.1 else session.commit()


def main() -> None:
    path, seed, is_recursive = sys.argv[1], int(sys.argv[2]), sys.argv[3:] != ["0"]
    side = SideFile(path + ".presence")
    session = Store(path, presence=side.join(path)).session(api="crash")
    session.connection.pragma("wal_autocheckpoint", 40)
    session.connection.pragma("recursive_triggers", int(is_recursive))
    r = random.Random(seed)
    while True:
        try:
            transact(session, r) if r.random() < 0.7 else step(session, r)
        except (SerializationFailure, LockTimeout):
            if session.in_transaction:
                session.rollback()
            continue
        os.write(1, f"{session._last[0]}\n".encode())


if __name__ == "__main__":
    main()
