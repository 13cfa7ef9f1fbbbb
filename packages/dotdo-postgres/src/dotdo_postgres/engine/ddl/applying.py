"""A changed definition brought to the rows that are there; what they do not keep is PostgreSQL's error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.errors import (
    CheckViolation,
    DotdoError,
    ForeignKeyViolation,
    NotNullViolation,
    UniqueViolation,
)
from dotdo.storage import Noun, alter_noun
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.kept import MATCH_FULL, facts_of
from dotdo_postgres.engine.unique_keys import unique_key
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session

Filled = dict[str, str]


def apply(session: Session, old: Noun, new: Noun, filled: Filled | None = None) -> None:
    """Change the noun; what its rows do not keep is PostgreSQL's error.

    Raises:
        PostgresError: 23502, 23503, 23505, 23514.
    """
    current = session.kernel.catalog.by_id.get(new.id, old)
    if new == current:
        return
    schema, bare = split_name(new.name)
    try:
        alter_noun(session.kernel, new, filled or {})
    except NotNullViolation as failure:
        column = next((c.name for c in new.columns if c.column in failure.columns), "")
        message = f'column "{column}" of relation "{bare}" contains null values'
        raise error("23502", message, schema=schema, table=bare, column=column) from None
    except (CheckViolation, ForeignKeyViolation) as failure:
        if failure.constraint in facts_of(new).get("not_valid", ()):
            raise not_supported("NOT VALID over rows that do not keep the constraint") from None
        if isinstance(failure, ForeignKeyViolation):
            raise _orphans(session, new, failure) from None
        if (failure.constraint or "").startswith(MATCH_FULL):
            name = str(failure.constraint).removeprefix(MATCH_FULL)
            message = f'insert or update on table "{bare}" violates foreign key constraint "{name}"'
            detail = "MATCH FULL does not allow mixing of null and nonnull key values."
            facts = {"schema": schema, "table": bare, "constraint": name}
            raise error("23503", message, detail=detail, **facts) from None
        message = (
            f'check constraint "{failure.constraint}" of relation "{bare}" is violated by some row'
        )
        raise error(
            "23514", message, schema=schema, table=bare, constraint=failure.constraint
        ) from None
    except UniqueViolation as failure:
        raise duplicates(session, old, new, failure) from None


def _orphans(session: Session, noun: Noun, failure: ForeignKeyViolation) -> PostgresError:
    from dotdo_postgres.engine.references import orphan_detail

    fk = next(item for item in noun.foreign_keys if item.name == failure.constraint)
    schema, bare = split_name(noun.name)
    message = f'insert or update on table "{bare}" violates foreign key constraint "{fk.name}"'
    detail = orphan_detail(session, noun, fk)
    return error("23503", message, detail=detail, schema=schema, table=bare, constraint=fk.name)


def duplicates(session: Session, old: Noun, new: Noun, failure: DotdoError) -> PostgresError:
    """Make the error for a unique index that rows do not keep (23505)."""
    schema, bare = split_name(new.name)
    had = {item.columns for item in old.uniques} | {old.key}
    wanted = [(new.key_name, new.key)] + [(u.name, u.columns) for u in new.uniques]
    for name, columns in wanted:
        if columns and columns not in had:
            key = unique_key(new, name, columns)
            detail = None if key is None else key.duplicated(session)
            return error(
                "23505",
                f'could not create unique index "{name}"',
                detail=detail,
                schema=schema,
                table=bare,
                constraint=name,
            )
    return error("23505", f"could not create unique index: {failure}")
