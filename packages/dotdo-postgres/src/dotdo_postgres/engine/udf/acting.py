"""Who acts while a routine runs, and under which settings: SECURITY DEFINER and SET of CREATE FUNCTION."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.actor import OWNER, actor_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def acting(session: Session, stored: Stored):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- a context manager
    """Let a routine's own role and settings hold within the block."""
    if stored.facts.get("security_definer") or stored.facts.get("config"):
        return _as_defined(session, stored)
    return _nothing()


@contextmanager
def _as_defined(session: Session, stored: Stored) -> Iterator[None]:
    facts, values = session.facts, session.settings.values
    user, names = facts.user, facts.names
    before = dict(values)
    for item in stored.facts.get("config") or ():
        name, _, value = item.partition("=")
        _set(session, name, value)
    if stored.facts.get("security_definer"):
        facts.user = stored.facts.get("owner") or OWNER
    facts.names = _names(session, facts.user, values)
    try:
        yield
    finally:
        facts.user = user
        changed = [name for name in values if values.get(name) != before.get(name)]
        for name in [one.partition("=")[0] for one in stored.facts.get("config") or ()]:
            if name in changed:
                _set(session, name, before[name])
        facts.names = names if names.catalog is session.kernel.catalog else facts.names
        if facts.names is not names:
            session.planner()


def _set(session: Session, name: str, value: str) -> None:
    if name == "search_path":
        session.settings.values[name] = value
        return
    from dotdo_postgres.engine.variables import apply

    apply(session, name, value, is_local=not session.is_idle)


def _names(session: Session, user: str, values: dict[str, str]):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- of the session's class
    """Return how names resolve for a role and a search path, kept for as long as the definitions stay."""
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.objects.search_path import search_path

    catalog = session.kernel.catalog
    key = (user, values["search_path"])
    kept = session.acted.get(key)
    if kept is not None and kept.catalog is catalog:
        return kept
    base = session.names
    actor = actor_named(base.objects, user)
    made = Names(
        catalog,
        search_path(session, catalog),
        temporary=base.temporary,
        computed=base.computed,
        regs=base.regs,
        actor=actor,
        routines=base.routines,
        documents=base.documents,
    )
    session.acted[key] = made
    return made
