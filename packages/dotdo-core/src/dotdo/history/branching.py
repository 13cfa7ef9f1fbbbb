"""What a branch's file knows of its origin and of merges, and how a branch, a fork and a copy begin."""

import secrets
from dataclasses import dataclass

import orjson

from dotdo.history.transactions import head
from dotdo.storage import Session, Store
from dotdo.storage.files import copy_store
from dotdo.storage.kernel_nouns import KERNEL_NOUNS
from dotdo.values import Canonical

MAIN = "main"
_SHIFT = 32
_ROOM = 1 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a branch comes from.

    Args:
        branch: Its own name.
        parent: The branch it left; None for a main branch.
        fork_seq: Log position at which it left.
    """

    branch: str
    parent: str | None
    fork_seq: int


def origin_of(session: Session) -> Origin:
    """Return where the branch that the session sees comes from."""
    return Origin(
        meta(session, "branch", MAIN), meta(session, "parent"), meta(session, "fork_seq", 0)
    )


def meta(session: Session, key: str, default: Canonical = None) -> Canonical:
    """Return a fact about the file."""
    rows = session.read("select v from _meta where k = ?", (key,))
    return rows[0][0] if rows else default


def begin_branch(source: Store, target: str, name: str) -> None:
    """Copy a store into the file of a new branch.

    Row ids that the branch hands out lie in a range of its own, so that things made on either side stay apart.

    Args:
        source: The branch to leave.
        target: The new file.
        name: The new branch's name.
    """
    copy_store(source, target)
    store = Store(target, clock=source.clock, durability=source.durability)
    session = store.session()
    try:
        position, parent = head(session), origin_of(session).branch
        offset = (1 + secrets.randbelow(_ROOM)) << _SHIFT

        def work() -> None:
            set_meta(session, "branch", name)
            set_meta(session, "parent", parent)
            set_meta(session, "fork_seq", position)
            session.execute("delete from _consumer")
            session.execute("update _counter set high = high + ?", (offset,))
            session.execute(
                "update _meta set v = v + ? where k = 'next_noun'",
                ((1 + secrets.randbelow(_ROOM)) << 10,),
            )
            session.execute(
                "insert or ignore into _counter select 'noun ' || id, ? from _noun", (offset,)
            )
            for kernel_noun in KERNEL_NOUNS:
                session.execute(
                    "insert or ignore into _counter values (?, ?)",
                    (f"noun {kernel_noun.id}", offset),
                )

        session.mutate(work)
    finally:
        store.close()


def set_meta(session: Session, key: str, value: str | int | None) -> None:
    """Set a fact about the file, within `mutate`."""
    session.execute("insert or replace into _meta values (?, ?)", (key, value))


@dataclass(frozen=True, slots=True)
class Sync:
    """The last merge of another branch into this one.

    Args:
        theirs: The other's log position that was merged.
        ours: This branch's log position right after.
    """

    theirs: int
    ours: int


def last_merge(session: Session, other: str) -> Sync | None:
    """Return the last merge of `other` into the branch that the session sees."""
    text = meta(session, f"merged:{other}")
    return None if text is None else Sync(*orjson.loads(text))


def note_merge(session: Session, other: str, sync: Sync) -> None:
    """Keep the last merge of `other`, within `mutate`."""
    set_meta(session, f"merged:{other}", orjson.dumps([sync.theirs, sync.ours]).decode())
