"""Violated constraints: physical columns become constraint names, details show the values at fault."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo import errors as kernel
from dotdo.storage import ddl
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.objects.kept import HIDDEN, MATCH_FULL, PARTITION
from dotdo_postgres.engine.references import deferred, foreign
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.engine.rows_shown import Row, error_fields, failing_row, key_text
from dotdo_postgres.engine.run.probe import run_probe
from dotdo_postgres.engine.unique_keys import computed, unique_key
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Check, Noun
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


def translate_violation(
    session: Session,
    prepared: Prepared | None,
    params: Sequence[StorageValue],
    failure: kernel.ConstraintViolation,
) -> PostgresError:
    """Return PostgreSQL's error for a violated constraint."""
    catalog = session.kernel.catalog
    noun = catalog.by_table.get(failure.table or "")
    relation = _detail(prepared).get("relation")
    if noun is None and relation is not None:
        noun = relation.noun
    if noun is None:
        return deferred(session, failure)
    if is_documents(noun):
        noun = session.documents.describe(session.names, noun)
    rows = [
        (_with_generated(session, noun, new), old) for new, old in _rows(session, prepared, params)
    ]
    if is_documents(noun) and isinstance(failure, kernel.CheckViolation):
        rows = []  # the condition is over documents
    _settle_names(noun, failure)
    if isinstance(failure, kernel.NotNullViolation):
        return _not_null(session, noun, failure, rows)
    if isinstance(failure, kernel.CheckViolation):
        return _check(session, noun, failure, rows)
    if isinstance(failure, kernel.UniqueViolation):
        return _unique(session, noun, failure, rows)
    if isinstance(failure, kernel.ForeignKeyViolation):
        return foreign(session, noun, prepared, rows, failure.constraint)
    return error("XX000", str(failure))


def _detail(prepared: Prepared | None) -> dict[str, Any]:
    """Return what a statement that writes rows tells of itself, nothing of any other."""
    detail = None if prepared is None else prepared.detail
    is_write = isinstance(detail, dict) and isinstance(detail.get("relation"), Relation)
    return detail if is_write else {}  # type: ignore[return-value]  # as just seen


def _settle_names(noun: Noun, failure: kernel.ConstraintViolation) -> None:
    """Put right which part of `schema.table.column` is the column, which the message does not tell."""
    if failure.table is not None and failure.table != noun.table:
        whole = [f"{failure.table}.{name}" for name in failure.columns]
        if all(name.startswith(f"{noun.table}.") for name in whole):
            failure.columns = tuple(name.removeprefix(f"{noun.table}.") for name in whole)
            failure.table = noun.table


def _rows(
    session: Session, prepared: Prepared | None, params: Sequence[StorageValue]
) -> list[tuple[Row, Row | None]]:
    """Return the rows a statement was to make, each with the row it was before (None for INSERT)."""
    detail = _detail(prepared)
    relation: Relation | None = detail.get("relation")
    if relation is None:
        return []
    blank: Row = {column.physical: None for column in relation.columns}
    if "rows" in detail:
        names = [column.physical for column in detail["columns"]]
        return [(blank | dict(zip(names, row, strict=False)), None) for row in detail["rows"]]
    if not detail.get("probe"):
        return []
    try:
        probe = detail["probe"]()
        keys = prepared.session_values if prepared is not None else ()
        drawn = [
            value for key, value in zip(keys, session.drawn, strict=False) if key[0] == "nextval"
        ]
        found = run_probe(session, probe, params, drawn)
    except (PostgresError, kernel.DotdoError):
        return []
    names = [column.physical for column in probe.columns]
    width = len(names)
    return [
        (
            blank | dict(zip(names, row, strict=False)),
            dict(zip(names, row[width:], strict=True)) if len(row) > width else None,
        )
        for row in found
    ]


def _not_null(
    session: Session,
    noun: Noun,
    failure: kernel.ConstraintViolation,
    rows: list[tuple[Row, Row | None]],
) -> PostgresError:
    relation = relation_of(noun)
    physical = failure.columns[0] if failure.columns else ""
    row = next((new for new, _ in rows if new.get(physical) is None), None)
    if row is not None:
        column = next(
            (
                c
                for c in relation.columns
                if not c.is_nullable and row.get(c.physical) is None and not c.sequence
            ),
            None,
        )
    else:
        column = next((c for c in relation.columns if c.physical == physical), None)
    name = column.name if column else physical
    message = (
        f'null value in column "{name}" of relation "{relation.name}" violates not-null constraint'
    )
    return error(
        "23502",
        message,
        detail=failing_row(relation, row) if row else None,
        **error_fields(relation, column=name),
    )


def _check(
    session: Session,
    noun: Noun,
    failure: kernel.ConstraintViolation,
    rows: list[tuple[Row, Row | None]],
) -> PostgresError:
    relation = relation_of(noun)
    name, bad = failure.constraint, None
    for row, _ in rows:
        for check in sorted(
            noun.checks, key=lambda item: (item.name.startswith(HIDDEN), item.name)
        ):
            if _fails(session, noun, check, row):
                name, bad = check.name, row
                break
        if bad:
            break
    if name is not None and name.startswith(MATCH_FULL):
        return _half_null(relation, name.removeprefix(MATCH_FULL))
    message = f'new row for relation "{relation.name}" violates check constraint "{name}"'
    if name == PARTITION:
        message = f'new row for relation "{relation.name}" violates partition constraint'
        name = None
    return error(
        "23514",
        message,
        detail=failing_row(relation, bad) if bad else None,
        **error_fields(relation, constraint=name),
    )


def _half_null(relation: Relation, name: str) -> PostgresError:
    message = (
        f'insert or update on table "{relation.name}" violates foreign key constraint "{name}"'
    )
    detail = "MATCH FULL does not allow mixing of null and nonnull key values."
    return error("23503", message, detail=detail, **error_fields(relation, constraint=name))


def _fails(session: Session, noun: Noun, check: Check, row: Row) -> bool:
    return bool(computed(session, noun, row, "1", f" where not ({check.sql})"))


def _with_generated(session: Session, noun: Noun, row: Row) -> Row:
    """Return a row with its generated columns, which nobody gave."""
    generated = [column for column in noun.columns if column.generated is not None]
    if not generated:
        return row
    listed = ", ".join(str(column.generated) for column in generated)
    try:
        (values,) = computed(session, noun, row, listed)
    except PostgresError:  # its expression has an error of its own, which is told before
        return row
    return row | dict(zip([column.column for column in generated], values, strict=True))


def _unique(
    session: Session,
    noun: Noun,
    failure: kernel.ConstraintViolation,
    rows: list[tuple[Row, Row | None]],
) -> PostgresError:
    relation = relation_of(noun)
    name = _unique_name(noun, failure)
    key = unique_key(noun, name, failure.columns)
    row = None if key is None else key.duplicate(session, rows)
    detail = None
    if row is not None and key is not None:
        by_document = is_documents(noun)
        shown = key_text(relation, noun.key, row) if by_document else key.shown(session, row)
        detail = f"Key {shown} already exists."
    message = f'duplicate key value violates unique constraint "{name}"'
    return error("23505", message, detail=detail, **error_fields(relation, constraint=name))


def _unique_name(noun: Noun, failure: kernel.ConstraintViolation) -> str:
    if failure.constraint:
        name = failure.constraint.removeprefix(ddl.EVEN)
        if name == ddl.key_index(noun):
            return noun.key_name
        return name.removeprefix(ddl.index_name(noun, ""))
    if noun.key and tuple(failure.columns) == noun.key:
        return noun.key_name
    for unique in noun.uniques:
        if unique.columns == tuple(failure.columns):
            return unique.name
    for index in noun.indexes:
        if index.is_unique and tuple(
            term.removesuffix(" desc").strip('"') for term in index.terms
        ) == tuple(failure.columns):
            return index.name
    return ""
