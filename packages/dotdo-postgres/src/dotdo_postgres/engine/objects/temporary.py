"""Temporary relations: those of a schema of the session's own, which go with it, and what a commit does to some of them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dotdo.errors import DotdoError
from dotdo.storage import drop_noun
from dotdo.storage.names import quoted
from dotdo_postgres.engine import backends
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

ALIAS = "pg_temp"
PREFIX = "pg_temp_"
DELETE_ROWS, DROP = "ONCOMMIT_DELETE_ROWS", "ONCOMMIT_DROP"


def schema_name(pid: int) -> str:
    """Return the name of the schema of a session's temporary relations: unique among the processes of a machine."""
    return f"{PREFIX}{os.getpid()}_{pid}"


def is_temporary(schema: str) -> bool:
    """Tell whether a schema is one of temporary relations."""
    return schema.startswith(PREFIX)


def schema_of(noun: Noun) -> str:
    """Return the schema of a table or of an object without one."""
    if noun.layout == "definition":
        return split_definition(noun.name)[1]
    return split_name(noun.name)[0]


def on_commit_of(node: dict[str, object]) -> str | None:
    """Read ON COMMIT of a new table.

    Raises:
        PostgresError: the table is not temporary (42P16).
    """
    told = str(node.get("oncommit", node.get("onCommit", "ONCOMMIT_NOOP")))
    relation = node.get("relation") or node.get("rel")
    assert isinstance(relation, dict)
    if told != "ONCOMMIT_NOOP" and relation.get("relpersistence") != "t":
        raise error("42P16", "ON COMMIT can only be used on temporary tables")
    return told if told in {DELETE_ROWS, DROP} else None


def begin_using(session: Session, on_commit: str | None = None) -> None:
    """Note that the session has temporary relations; the first time, drop what sessions that are gone have left."""
    session.has_on_commit = session.has_on_commit or on_commit is not None
    if session.has_temporary:
        return
    session.has_temporary = True
    store = session.kernel.store
    if store.is_shared():
        return
    alive = {schema_name(pid) for pid in backends.numbers(store)}
    _drop(session, lambda schema: is_temporary(schema) and schema not in alive)


def drop_all(session: Session) -> None:
    """Drop the session's temporary relations."""
    _drop(session, lambda schema: schema == schema_name(session.pid))


def leave(session: Session) -> None:
    """Drop the session's temporary relations at its end; what cannot be dropped now is left to the next one."""
    kernel = session.kernel
    with suppress(DotdoError):
        if kernel.in_transaction:
            kernel.rollback()
        kernel.begin()
        drop_all(session)
        kernel.commit()


def _drop(session: Session, is_meant: Callable[[str], bool]) -> None:
    from dotdo_postgres.engine.ddl.dropping import children_first

    found = [n for n in session.kernel.catalog.by_name.values() if is_meant(schema_of(n))]
    for noun in found:
        if not noun.has_table:
            drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])
    for noun in children_first(session, [noun for noun in found if noun.has_table]):
        drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])


def settle(session: Session) -> None:
    """Do what ON COMMIT says, as the last thing of a transaction."""
    schema = schema_name(session.pid)
    for noun in list(session.kernel.catalog.by_name.values()):
        told = facts_of(noun).get("on_commit")
        if told is None or schema_of(noun) != schema:
            continue
        if told == DROP:
            drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])
        else:
            session.kernel.write(f"delete from {quoted(noun.table)}")  # noqa: S608 -- quoted


def settling(prepared: Prepared) -> None:
    """Let a statement that is a transaction by itself end as ON COMMIT says."""
    execute = prepared.execute

    def run(
        session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
    ) -> Result:
        from dotdo_postgres.engine.ddl.steps import atomic

        if not session.is_idle:
            return execute(session, prepared, params, wait)
        with atomic(session):
            result = execute(session, prepared, params, wait)
            settle(session)
        return result

    prepared.execute = run
