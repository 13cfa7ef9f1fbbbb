"""The short way of a statement: from Python values to the engine and from its rows to Python values, for what psycopg's stock adapters cover."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import errors as e
from psycopg.adapt import PyFormat
from psycopg.pq import Format

from dotdo_postgres.client import parameters, rows, seam
from dotdo_postgres.client.adapters import AdaptersMap
from dotdo_postgres.client.transformer import Transformer
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.session import Session

MAX_CACHED_CHARACTERS = 4096
MAX_PLANS = 512
SEQUENCES = frozenset({tuple, list})
_BLANK = " \t\r\n\f\v;"
_NOT_HERE = ("copy", "deallocate", "fetch", "move", "declare", "close", "listen")


class Translated(NamedTuple):
    """A query of Python's with PostgreSQL's placeholders."""

    sql: str
    placeholders: int
    names: list[str] | None


class Plan(NamedTuple):
    """How the values of one statement go in and out."""

    prepared: Prepared
    converters: list[parameters.Converter | None] | None
    loaders: list[rows.Loader | None] | None


class Bound(NamedTuple):
    """A statement with the OIDs and the values of its parameters."""

    sql: str
    oids: tuple[int, ...]
    values: Sequence[Any]


def translate(query: str, has_params: bool) -> Translated | None:
    """Put `$1` for `%s` and `%(name)s`; None for what goes psycopg's own way, its errors among it."""
    if not has_params:
        body = query.strip(_BLANK)
        if not body or ";" in body or body[:10].lower().startswith(_NOT_HERE):
            return None
        return Translated(query, 0, None)
    try:
        sql, formats, names, parts = seam.split_query(query.encode(), "utf-8")
    except (e.Error, UnicodeEncodeError):
        return None
    if any(wanted is not PyFormat.AUTO for wanted in formats):
        return None
    return Translated(sql.decode(), len(parts) - 1 if names is None else len(names), names)


_translate = lru_cache(maxsize=1024)(translate)


def bind(query: str, params: Any, adapters: AdaptersMap) -> Bound | None:
    """Return the statement to prepare and its values, None when psycopg's own way must be taken."""
    short = len(query) <= MAX_CACHED_CHARACTERS
    translated = (_translate if short else translate)(query, params is not None)
    if translated is None:
        return None
    sql, placeholders, names = translated
    if params is None:
        return Bound(sql, (), ())
    values: Any = params if names is None else in_order(params, names)
    if type(values) not in SEQUENCES or len(values) != placeholders:
        return None
    oids = oids_of(values, adapters.native_oids)
    return None if oids is None else Bound(sql, oids, values)


def in_order(params: Any, names: list[str]) -> list[Any] | None:
    """Return the values of named parameters, None when there is something wrong with them."""
    if not isinstance(params, Mapping):
        return None
    try:
        return [params[name] for name in names]
    except KeyError:
        return None


def oids_of(values: Sequence[Any], native_oids: dict[type, Any]) -> tuple[int, ...] | None:
    """Return the OIDs that psycopg sends with these values, None when one is not for us."""
    oids = []
    for value in values:
        oid = native_oids.get(type(value))
        if type(oid) is not int and (oid is None or (oid := oid(value)) is None):
            return None
        oids.append(oid)
    return tuple(oids)


def plan(session: Session, sql: str, oids: tuple[int, ...], context: Any) -> Plan:
    """Return how the values of a statement go in and out; kept with the adapters it was made for.

    Args:
        session: prepares, and notices when the schema or a parameter that matters changes.
        sql: one statement with `$1`.
        oids: types of the parameters as sent.
        context: cursor or connection whose adapters count.

    Raises:
        PostgresError: the statement is not valid.
    """
    prepared = session.prepare(sql, oids)
    plans = context.adapters.memo.plans
    key = (sql, oids)
    known: Plan | None = plans.get(key)
    if known is not None and known.prepared is prepared:
        return known
    if len(plans) >= MAX_PLANS:
        plans.clear()
    made = plans[key] = Plan(
        prepared, converters_of(session, prepared, oids), loaders_of(prepared, context)
    )
    return made


def converters_of(
    session: Session, prepared: Prepared, oids: tuple[int, ...]
) -> list[parameters.Converter | None] | None:
    """Return what makes storage values of the parameters, None when all are such already."""
    if len(oids) != len(prepared.param_types):
        raise parameters.wrong_number(len(oids), len(prepared.param_types))
    converters = [
        parameters.converter(session, sent, kind.oid)
        for sent, kind in zip(oids, prepared.param_types, strict=True)
    ]
    return converters if any(converters) else None


def loaders_of(prepared: Prepared, context: Any) -> list[rows.Loader | None] | None:
    """Return what makes Python values of the columns, None when all are such already."""
    transformer = Transformer(context)
    return rows.loaders(
        prepared.columns or (),
        context.adapters,
        lambda oid: transformer.get_loader(oid, Format.TEXT).load,
    )


def stored(values: Sequence[Any], converters: list[parameters.Converter | None]) -> list[Any]:
    """Return the storage values of Python values.

    Raises:
        PostgresError: one is not valid for its type.
    """
    return [
        value if convert is None or value is None else parameters.converted(convert, value, number)
        for number, (value, convert) in enumerate(zip(values, converters, strict=True))
    ]
