"""What becomes of temporary relations: dropped with their session, emptied or dropped by a commit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from dotdo.errors import DotdoError
from dotdo.storage import drop_noun
from dotdo.storage.names import quoted
from dotdo_postgres.engine import backends
from dotdo_postgres.engine.ddl.dropping import children_first
from dotdo_postgres.engine.ddl.steps import atomic
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.temporary import DROP, is_temporary, schema_name, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


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
        if not session.is_idle:
            return execute(session, prepared, params, wait)
        with atomic(session):
            result = execute(session, prepared, params, wait)
            settle(session)
        return result

    prepared.execute = run
