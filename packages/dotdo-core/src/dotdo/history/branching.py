"""What a branch's file knows of its origin and of merges, and how a branch, a fork and a copy begin."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dotdo.errors import AlreadyExists
from dotdo.history.transactions import head
from dotdo.storage import Session, Store
from dotdo.storage.files import copy_store
from dotdo.storage.kernel_nouns import KERNEL_NOUNS
from dotdo.storage.template import sync_folder
from dotdo.values import Canonical

MAIN = "main"
ROW_BASE = "row_base"
"""Key of `_meta` under which the first of a branch's own row ids is kept."""
ROWS = 1 << 32
"""How many row ids a branch has of its own."""
_ROOM = 1 << 20


class Ancestor(msgspec.Struct, frozen=True, array_like=True):
    """A branch that another descends from.

    Args:
        uid: Its own mark, which no other branch ever has.
        fork_seq: Log position at which the next in line left it; up to there both logs are the same.
    """

    uid: str
    fork_seq: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a branch comes from.

    Args:
        branch: Its own name.
        uid: Its own mark.
        parent: The name of the branch it left; None for a main branch.
        ancestors: The branches it descends from, the main one first.
    """

    branch: str
    uid: str
    parent: str | None
    ancestors: tuple[Ancestor, ...]

    @property
    def fork_seq(self) -> int:
        """Log position at which it left its parent; 0 for a main branch."""
        return self.ancestors[-1].fork_seq if self.ancestors else 0


_ANCESTORS = msgspec.json.Decoder(tuple[Ancestor, ...])


def origin_of(session: Session) -> Origin:
    """Return where the branch that the session sees comes from."""
    return Origin(
        meta(session, "branch", MAIN),
        meta(session, "uid", MAIN),
        meta(session, "parent"),
        _ANCESTORS.decode(meta(session, "ancestors", "[]")),
    )


def meta(session: Session, key: str, default: Canonical = None) -> Canonical:
    """Return a fact about the file."""
    rows = session.read("select v from _meta where k = ?", (key,))
    return rows[0][0] if rows else default


def set_meta(session: Session, key: str, value: str | int | None) -> None:
    """Set a fact about the file, within `mutate`."""
    session.execute("insert or replace into _meta values (?, ?)", (key, value))


def begin_branch(source: Store, target: str, name: str) -> None:
    """Copy a store into the file of a new branch.

    Hidden row ids that the branch hands out lie in a range of its own, so that things made on either side stay apart.

    Args:
        source: The branch to leave.
        target: The new file; it appears whole or not at all.
        name: The new branch's name.

    Raises:
        AlreadyExists: The file is there.
    """

    def work(session: Session) -> None:
        origin, position = origin_of(session), head(session)
        line = (*origin.ancestors, Ancestor(origin.uid, position))
        set_meta(session, "branch", name)
        set_meta(session, "uid", secrets.token_hex(8))
        set_meta(session, "parent", origin.branch)
        set_meta(session, "ancestors", msgspec.json.encode(line).decode())
        session.execute("delete from _consumer")
        _move_numbers(session)

    derive(source, target, work)


def begin_tenant(source: Store, target: str, forget: Callable[[Session], object]) -> None:
    """Copy a store's present state into the file of a new tenant.

    Args:
        source: What is copied.
        target: The new file; it appears whole or not at all.
        forget: Drops the history.

    Raises:
        AlreadyExists: The file is there.
    """

    def work(session: Session) -> None:
        session.execute("delete from _consumer")
        session.execute(
            "delete from _meta where k in ('branch', 'uid', 'parent', 'ancestors') or k like 'merged:%'"
        )
        forget(session)

    derive(source, target, work)


def derive(
    source: Store, target: str, change: Callable[[Session], object], *, enforces: bool = True
) -> None:
    """Make a changed copy of a store.

    Args:
        source: What is copied.
        target: The new file; it appears whole or not at all.
        change: Changes the copy, within `mutate`.
        enforces: Foreign keys are enforced meanwhile.

    Raises:
        AlreadyExists: The file is there.
    """
    if os.path.exists(target):
        raise _exists(target)
    building = f"{target}.{secrets.token_hex(4)}"
    try:
        copy_store(source, building)
        survives_power = source.durability in {"everysec", "always"}
        store = Store(
            building, clock=source.clock, durability="always" if survives_power else "memory"
        )
        session = store.session()
        try:
            session.set_enforcement(is_on=enforces)
            session.mutate(lambda: change(session))
            session.execute("pragma wal_checkpoint(truncate)")
        finally:
            store.close()
        os.link(building, target)
        if survives_power:
            sync_folder(target)
    except FileExistsError:
        raise _exists(target) from None
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{building}{suffix}").unlink(missing_ok=True)


def _exists(target: str) -> AlreadyExists:
    return AlreadyExists(f"{os.path.basename(target)} exists")


def _move_numbers(session: Session) -> None:
    """Let hidden row ids, relationships, verbs and nouns be numbered in a range of the branch's own.

    Keys that users see go on as they are: two things of the same key are the same thing made twice.
    """
    offset = (1 + secrets.randbelow(_ROOM)) * ROWS
    hidden = [noun for noun in session.catalog.nouns if noun.has_hidden_rowid]
    for noun in (*KERNEL_NOUNS, *hidden):
        session.execute(
            "insert into _counter values (?1, ?2) on conflict(name) do update set high = high + ?2",
            (f"noun {noun.id}", offset),
        )
    set_meta(session, ROW_BASE, offset + meta(session, ROW_BASE, 0))
    session.execute(
        "update _meta set v = v + ? where k = 'next_noun'", ((1 + secrets.randbelow(_ROOM)) << 10,)
    )


class Sync(msgspec.Struct, frozen=True, array_like=True):
    """The last merge of another branch into this one.

    Args:
        theirs: The other's log position that was merged.
        ours: This branch's log position in the transaction that merged it.
    """

    theirs: int
    ours: int


def last_merge(session: Session, uid: str) -> Sync | None:
    """Return the last merge of the branch with that mark into the one that the session sees."""
    text = meta(session, f"merged:{uid}")
    return None if text is None else msgspec.json.decode(text, type=Sync)


def note_merge(session: Session, uid: str, sync: Sync) -> None:
    """Keep the last merge of the branch with that mark, within `mutate`."""
    set_meta(session, f"merged:{uid}", msgspec.json.encode(sync).decode())
