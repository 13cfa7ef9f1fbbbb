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
from dotdo_postgres.errors import PostgresError

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
    """How the values of one statement go in and out.

    Args:
        sql: the statement with PostgreSQL's placeholders.
        prepared: the engine's plan.
        converters: what makes storage values of the parameters, None when all are such already.
        loaders: what makes Python values of the columns, None when all are such already.
    """

    sql: str
    prepared: Prepared
    converters: list[parameters.Converter | None] | None
    loaders: list[rows.Loader | None] | None


Bound = tuple[str, str, tuple[int, ...], Sequence[Any], Plan | None]
"""Query, SQL, OIDs and values of the parameters, and the plan if one is known: a plain tuple, one is made per execution."""


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
    if type(params) in SEQUENCES:
        oids = oids_of(params, adapters.native_oids)
        if oids is None:
            return None
        plan: Plan | None = adapters.memo.plans.get((query, oids))
        if plan is not None:
            return query, plan.sql, oids, params, plan
    return bind_anew(query, params, adapters)


def bind_anew(query: str, params: Any, adapters: AdaptersMap) -> Bound | None:
    """Do as `bind` where no plan is known for the query as it is written."""
    short = len(query) <= MAX_CACHED_CHARACTERS
    translated = (_translate if short else translate)(query, params is not None)
    if translated is None:
        return None
    sql, placeholders, names = translated
    if params is None:
        return query, sql, (), (), None
    values: Any = params if names is None else in_order(params, names)
    if type(values) not in SEQUENCES or len(values) != placeholders:
        return None
    oids = oids_of(values, adapters.native_oids)
    if oids is None:
        return None
    return query if names is None else sql, sql, oids, values, None


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


def plan_of(session: Session, bound: Bound, context: Any) -> Plan:
    """Return how the values of a statement go in and out; kept with the adapters it was made for.

    Args:
        session: prepares, and notices when the schema or a parameter that matters changes.
        bound: the statement.
        context: cursor or connection whose adapters count.

    Raises:
        PostgresError: the statement is not valid.
    """
    query, sql, oids, values, known = bound
    prepared = session.prepare(sql, oids)
    if known is not None and known.prepared is prepared:
        return known
    plans: dict[Any, Plan] = context.adapters.memo.plans
    key = (query, oids) if values else (query,)
    known = plans.get(key)
    if known is not None and known.prepared is prepared:
        return known
    if len(plans) >= MAX_PLANS:
        plans.clear()
    made = plans[key] = Plan(
        sql, prepared, converters_of(session, prepared, oids), loaders_of(prepared, context)
    )
    return made


def converters_of(
    session: Session, prepared: Prepared, oids: tuple[int, ...]
) -> list[parameters.Converter | None] | None:
    """Return what makes storage values of the parameters, None when all are such already."""
    if len(oids) != len(prepared.param_types):
        raise parameters.wrong_number(len(oids), len(prepared.param_types))
    converters = [
        parameters.converter(session, prepared, number, sent) for number, sent in enumerate(oids)
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


def stored(
    session: Session, values: Sequence[Any], converters: list[parameters.Converter | None]
) -> list[Any]:
    """Return the storage values of Python values.

    Raises:
        PostgresError: one is not valid for its type; an open transaction has failed with it.
    """
    made = list(values)
    for number, convert in enumerate(converters):
        if convert is not None and (value := made[number]) is not None:
            try:
                made[number] = convert(value)
            except PostgresError as failure:
                session.fail()
                raise parameters.placed(failure, number) from None
    return made
