"""Sequence functions (9.17) called for each row: nextval, currval, setval, pg_sequence_last_value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.grantable import of_sequence
from dotdo_postgres.engine.objects.lookup import relation_key
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.objects.collected import Sequence

FAMILY = Family("9.17")


def _sequence(facts: Facts, oid: int) -> Sequence:
    key = relation_key(facts.names, oid)
    if key is None:
        raise error("42P01", f"could not open relation with OID {oid}")
    found = facts.names.objects.sequences.get(key)
    if found is None:
        raise error("42809", f'"{key[1]}" is not a sequence')
    return found


def _allowed(facts: Facts, oid: int, *privileges: str) -> Sequence:
    """Return the sequence of that OID when the acting role has one of the privileges on it.

    Raises:
        PostgresError: it has none (42501).
    """
    found = _sequence(facts, oid)
    actor = facts.names.actor
    if not actor.is_superuser:
        target = of_sequence(found)
        if not any(actor.holds(target, word) for word in privileges):
            raise error("42501", f"permission denied for sequence {found.key[1]}")
    return found


@FAMILY.function(
    "nextval(regclass)", returns="bigint", takes_session=True, is_volatile=True, writes=True
)
def nextval(facts: Facts, oid: int) -> int:
    """Draw a number.

    Raises:
        PostgresError: no sequence (42809), its limit is reached (2200H).
    """
    return facts.sequences.draw(_allowed(facts, oid, "USAGE", "UPDATE"))


@FAMILY.function("currval(regclass)", returns="bigint", takes_session=True, is_volatile=True)
def currval(facts: Facts, oid: int) -> int:
    """Return the number that this session drew last.

    Raises:
        PostgresError: it drew none (55000).
    """
    return facts.sequences.current(_allowed(facts, oid, "USAGE", "SELECT"))


@FAMILY.function(
    "setval(regclass, bigint)", returns="bigint", takes_session=True, is_volatile=True, writes=True
)
def setval(facts: Facts, oid: int, value: int) -> int:
    """Let the sequence go on after a value.

    Raises:
        PostgresError: out of its limits (22003).
    """
    return facts.sequences.set(_allowed(facts, oid, "UPDATE"), value)


@FAMILY.function(
    "setval(regclass, bigint, boolean)",
    returns="bigint",
    takes_session=True,
    is_volatile=True,
    writes=True,
)
def setval_called(facts: Facts, oid: int, value: int, is_called: int) -> int:
    """Let the sequence go on after a value, or with it.

    Raises:
        PostgresError: out of its limits (22003).
    """
    return facts.sequences.set(_allowed(facts, oid, "UPDATE"), value, is_called=bool(is_called))


@FAMILY.function(
    "pg_sequence_last_value(regclass)", returns="bigint", takes_session=True, is_volatile=True
)
def last_value(facts: Facts, oid: int) -> int | None:
    """Return the number drawn last by anyone, NULL when none was."""
    value, is_called = facts.sequences.state(_sequence(facts, oid))
    return value if is_called else None
