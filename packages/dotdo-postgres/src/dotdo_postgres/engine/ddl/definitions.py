"""Definitions changed: columns replaced or taken out, facts put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import create_noun
from dotdo_postgres.engine.documents.present import undescribed
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.acl import kept_items
from dotdo_postgres.engine.objects.default_acl import granted_by_default
from dotdo_postgres.engine.objects.grantable import of_noun
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Column, Noun
    from dotdo_postgres.engine.session import Session


def column_named(noun: Noun, name: str) -> Column:
    """Return a column.

    Raises:
        PostgresError: there is none of that name (42703).
    """
    column = noun.column(name)
    if column is None:
        bare = split_name(noun.name)[1]
        raise error("42703", f'column "{name}" of relation "{bare}" does not exist')
    return column


def replaced(noun: Noun, old: Column, **changes: Any) -> Noun:
    """Return the definition with one column changed."""
    columns = tuple(
        msgspec.structs.replace(c, **changes) if c.column == old.column else c for c in noun.columns
    )
    return msgspec.structs.replace(noun, columns=columns)


def facts(column: Column) -> dict[str, Any]:
    """Return what is kept with a column."""
    found: dict[str, Any] = column.extra.get(EXTRA, {})
    return found


def with_column_facts(column: Column, **changes: Any) -> Column:
    """Return a column with changed facts; None takes one away."""
    kept = {key: value for key, value in (facts(column) | changes).items() if value is not None}
    return msgspec.structs.replace(column, extra={**column.extra, EXTRA: kept})


def without_column(noun: Noun, column: Column) -> Noun:
    """Return the definition without a column and what is made of it in the table itself."""
    gone = f'"{column.column}"'
    numbers = [facts(c).get("number", at) for at, c in enumerate(noun.columns, 1)]
    extra = dict(noun.extra)
    extra[EXTRA] = {
        **extra.get(EXTRA, {}),
        "highest": max([*numbers, extra.get(EXTRA, {}).get("highest", 0)]),
    }
    key = {} if column.column not in noun.key else {"key": (), "key_name": ""}
    return msgspec.structs.replace(
        noun,
        columns=tuple(c for c in noun.columns if c.column != column.column),
        uniques=tuple(u for u in noun.uniques if column.column not in u.columns),
        checks=tuple(c for c in noun.checks if gone not in c.sql),
        foreign_keys=tuple(
            f
            for f in noun.foreign_keys
            if column.column not in f.columns
            and not (f.target == noun.name and column.column in f.target_columns)
        ),
        indexes=tuple(
            i
            for i in noun.indexes
            if not any(gone in term for term in (*i.terms, i.where or ""))
            and column.column not in i.extra.get(EXTRA, {}).get("include", ())
        ),
        extra=extra,
        **key,
    )


def create_owned(session: Session, noun: Noun) -> Noun:
    """Create an object for the acting role, whose it is when somebody created that role."""
    names = session.names
    if names.actor.name in names.objects.roles and "owner" not in facts_of(noun):
        noun = with_facts(noun, owner=names.actor.name)
    schema = "" if noun.layout == "definition" else split_name(noun.name)[0]
    schema = schema or split_definition(noun.name)[1]
    items = granted_by_default(names.objects, of_noun(noun), schema)
    return create_noun(session.kernel, with_facts(noun, acl=kept_items(items)))


def with_facts(noun: Noun, **changes: Any) -> Noun:
    """Return a definition with changed facts; None takes one away."""
    noun = undescribed(noun)
    facts = {k: v for k, v in (facts_of(noun) | changes).items() if v is not None}
    return msgspec.structs.replace(noun, extra={**noun.extra, EXTRA: facts})
