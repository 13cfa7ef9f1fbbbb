"""Broken references: which foreign key rows do not keep, and PostgreSQL's error for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo import errors as kernel
from dotdo.storage.names import quoted
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.engine.rows_shown import Row, error_fields, key_text
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from dotdo.storage import ForeignKey, Noun
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session


def orphan_detail(session: Session, noun: Noun, fk: ForeignKey) -> str | None:
    """Return the detail of a foreign key that rows do not keep."""
    target = noun if fk.target == noun.name else session.kernel.catalog.noun(fk.target)
    if target is None:
        return None
    listed = ", ".join(f"a.{quoted(name)}" for name in fk.columns)
    filled = " and ".join(f"a.{quoted(name)} is not null" for name in fk.columns)
    same = " and ".join(
        f"b.{quoted(there)} = a.{quoted(here)}"
        for here, there in zip(fk.columns, fk.target_columns, strict=True)
    )
    sql = (
        f"select {listed} from {quoted(noun.table)} a where {filled}"  # noqa: S608 -- quoted names
        f" and not exists (select 1 from {quoted(target.table)} b where {same}) limit 1"
    )
    found = session.kernel.read(sql)
    if not found:
        return None
    row = dict(zip(fk.columns, found[0], strict=True))
    return (
        f'Key {key_text(relation_of(noun), fk.columns, row)} is not present in table "{fk.target}".'
    )


def foreign(
    session: Session,
    noun: Noun,
    prepared: Prepared | None,
    rows: list[tuple[Row, Row | None]],
    name: str | None,
) -> PostgresError:
    """Return the error for a reference that a statement broke: of its own rows, or of rows that refer to them."""
    kind = prepared.tag_kind if prepared else ""
    relation = relation_of(noun)
    if kind != "DELETE":
        for new, _ in rows:
            for fk in noun.foreign_keys:
                if _is_orphan(session, noun, fk, new, rows):
                    message = f'insert or update on table "{relation.name}" violates foreign key constraint "{fk.name}"'
                    detail = f'Key {key_text(relation, fk.columns, new)} is not present in table "{fk.target}".'
                    return error(
                        "23503",
                        message,
                        detail=detail,
                        **error_fields(relation, constraint=fk.name),
                    )
    for new, old in rows:
        gone = old if kind == "UPDATE" else new
        if gone is None:
            continue
        for other in session.kernel.catalog.nouns:
            for fk in other.foreign_keys:
                if fk.target == noun.name and _is_referred(
                    session, other, fk, gone, new if kind == "UPDATE" else None
                ):
                    message = f'update or delete on table "{relation.name}" violates foreign key constraint "{fk.name}" on table "{other.name}"'
                    detail = f'Key {key_text(relation, fk.target_columns, gone)} is still referenced from table "{other.name}".'
                    return error(
                        "23503",
                        message,
                        detail=detail,
                        schema="public",
                        table=other.name,
                        constraint=fk.name,
                    )
    return _broken_by_rows(relation, name)


def _broken_by_rows(relation: Relation, name: str | None) -> PostgresError:
    """Return the error of a definition that the rows there do not keep."""
    if name is None:
        message = f'operation on table "{relation.name}" violates a foreign key constraint'
        return error("23503", message, **error_fields(relation))
    message = (
        f'insert or update on table "{relation.name}" violates foreign key constraint "{name}"'
    )
    return error("23503", message, **error_fields(relation, constraint=name))


def _is_orphan(
    session: Session, noun: Noun, fk: ForeignKey, row: Row, rows: list[tuple[Row, Row | None]]
) -> bool:
    values = [row.get(name) for name in fk.columns]
    if None in values:
        return False
    if fk.target == noun.name and any(
        [new.get(name) for name in fk.target_columns] == values for new, _ in rows
    ):
        return False
    target = session.kernel.catalog.noun(fk.target)
    if target is None:
        return False
    where = " and ".join(f"{quoted(name)} = ?" for name in fk.target_columns)
    sql = f"select 1 from {quoted(target.table)} where {where}"  # noqa: S608 -- quoted names
    return not session.kernel.read(sql, values)


def _is_referred(session: Session, other: Noun, fk: ForeignKey, gone: Row, new: Row | None) -> bool:
    values = [gone.get(name) for name in fk.target_columns]
    if None in values or (
        new is not None and values == [new.get(name) for name in fk.target_columns]
    ):
        return False
    action = fk.on_delete if new is None else fk.on_update
    if action in {"cascade", "set null", "set default"}:
        return False
    where = " and ".join(f"{quoted(name)} = ?" for name in fk.columns)
    sql = f"select 1 from {quoted(other.table)} where {where}"  # noqa: S608 -- quoted names
    return bool(session.kernel.read(sql, values))


def unmet_reference(session: Session, *, is_deferred: bool = True) -> PostgresError | None:
    """Make the error of a foreign key that the rows as they are do not keep; None when all do.

    Args:
        session: Whose rows.
        is_deferred: Only those that are looked at when the transaction ends.
    """
    for noun in session.kernel.catalog.nouns:
        for fk in noun.foreign_keys:
            if fk.is_deferrable >= is_deferred and (detail := orphan_detail(session, noun, fk)):
                message = f'insert or update on table "{noun.name}" violates foreign key constraint "{fk.name}"'
                facts = error_fields(relation_of(noun), constraint=fk.name)
                return error("23503", message, detail=detail, **facts)
    return None


def deferred(session: Session, failure: kernel.ConstraintViolation) -> PostgresError:
    """Make the error of a constraint that does not hold at commit."""
    code = {
        kernel.UniqueViolation: "23505",
        kernel.NotNullViolation: "23502",
        kernel.CheckViolation: "23514",
    }.get(type(failure), "23503")
    return unmet_reference(session) or error(code, str(failure))
