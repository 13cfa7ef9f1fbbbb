"""Values of regclass, regtype and their kin: names read and written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.objects.kept import derived_oid
from dotdo_postgres.engine.objects.lookup import relation_name, relation_oid_of, visible_type
from dotdo_postgres.engine.objects.search_path import split_qualified
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.objects.names import Names

REGPROC, REGPROCEDURE, REGNAMESPACE, REGROLE, REGCOLLATION = 24, 2202, 4089, 4096, 4191
REGCONFIG, REGDICTIONARY = 3734, 3769


class RegTypes:
    """Reads and writes values of regclass and its kin."""

    def read(self, names: Names, kind: int, text: str) -> int:
        """Return the OID that a name means."""
        return read_reg(names, kind, text)

    def write(self, names: Names, kind: int, oid: int) -> str:
        """Return the name of an object."""
        return write_reg(names, kind, oid)


def read_reg(names: Names, kind: int, text: str) -> int:
    """Return the OID that a name means; a number means itself.

    Raises:
        PostgresError: there is no such object.
    """
    stripped = text.strip()
    if stripped.isdigit():
        return int(stripped)
    if stripped == "-":
        return 0
    read = _READERS.get(kind)
    if read is None:
        raise not_supported(f"reading a value of type {t.format_type(kind)}")
    found: int = read(names, stripped)
    return found


def write_reg(names: Names, kind: int, oid: int) -> str:
    """Return the name of an object, its number when there is none."""
    if oid == 0:
        return "-"
    write = _WRITERS.get(kind)
    found: str | None = write(names, oid) if write is not None else None
    return str(oid) if found is None else found


def _split(text: str) -> tuple[str | None, str]:
    return split_qualified(text)


def _relation(names: Names, text: str) -> int:
    schema, name = _split(text)
    oid = relation_oid_of(names, schema, name)
    if oid is None:
        shown = name if schema is None else f"{schema}.{name}"
        raise error("42P01", f'relation "{shown}" does not exist')
    return oid


def _type(names: Names, text: str) -> int:
    oid = find_type(names, text)
    if oid is None:
        raise error("42704", f'type "{text}" does not exist')
    return oid


def find_type(names: Names, text: str) -> int | None:
    """Return the OID of the type that a text names."""
    from dotdo_postgres.engine.bind.typenames import resolve_type
    from dotdo_postgres.engine.parse import parse
    from dotdo_postgres.errors import PostgresError

    try:
        ((statement,),) = [parse(f"select null::{text}")]
        cast = statement["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]["TypeCast"]
        return resolve_type(cast["typeName"], names)[0]
    except PostgresError as failure:
        if failure.sqlstate not in {"42704", "42601", "3F000"}:
            raise
        return None


def _namespace(names: Names, text: str) -> int:
    from dotdo_postgres.engine.objects.namespaces import namespace_oid

    _, name = _split(text)
    if not names.has_schema(name):
        raise error("3F000", f'schema "{name}" does not exist')
    return namespace_oid(names.objects, name)


def _procedure(names: Names, text: str) -> int:
    schema, name = _split(text)
    found = [row[0] for row in FUNCTIONS.get(name, ())] if schema in {None, "pg_catalog"} else []
    for place in names.path if schema is None else (schema,):
        found += [FIRST_OID + noun.id for noun in names.objects.functions.get((place, name), [])]
    if not found:
        raise error("42883", f'function "{text}" does not exist')
    if len(found) > 1:
        raise error("42725", f'more than one function named "{text}"')
    return int(found[0])


def _role(names: Names, text: str) -> int:
    _, name = _split(text)
    noun = names.objects.roles.get(name)
    if noun is not None:
        return FIRST_OID + noun.id
    for row in static_rows("pg_authid"):
        if row[1] == name:
            return int(row[0])
    raise error("42704", f'role "{name}" does not exist')


def _collation(_: Names, text: str) -> int:
    name = _split(text)[1] if text[:1] != '"' else text.strip('"')
    for row in static_rows("pg_collation"):
        if row[1] == name:
            return int(row[0])
    raise error("42704", f'collation "{name}" for encoding "UTF8" does not exist')


@cache
def _function_names() -> dict[int, str]:
    return {int(row[0]): str(row[1]) for row in static_rows("pg_proc")}


def function_name(names: Names, oid: int) -> str | None:
    """Return the name of a function."""
    noun = names.catalog.by_id.get(oid - FIRST_OID)
    if noun is not None and noun.name.startswith("$function"):
        from dotdo_postgres.engine.naming import split_definition

        return split_definition(noun.name)[2].partition("(")[0]
    return _function_names().get(oid)


def namespace_name(names: Names, oid: int) -> str | None:
    """Return the name of a schema."""
    from dotdo_postgres.engine.objects.namespaces import namespace_oid

    for name in (*names.objects.schemas, "pg_catalog", "information_schema"):
        if namespace_oid(names.objects, name) == oid:
            return name
    return "pg_toast" if oid == 99 else None


def role_name(names: Names, oid: int) -> str | None:
    """Return the name of a role."""
    for name, noun in names.objects.roles.items():
        if FIRST_OID + noun.id == oid:
            return name
    return next((str(row[1]) for row in static_rows("pg_authid") if row[0] == oid), None)


def _write_function(names: Names, oid: int) -> str | None:
    name = function_name(names, oid)
    return None if name is None else quote_ident(name)


def _write_namespace(names: Names, oid: int) -> str | None:
    name = namespace_name(names, oid)
    return None if name is None else quote_ident(name)


def _write_role(names: Names, oid: int) -> str | None:
    name = role_name(names, oid)
    return None if name is None else quote_ident(name)


def _write_type(names: Names, oid: int) -> str | None:
    if oid in t.BY_OID:
        return visible_type(names, oid)
    for (schema, name), noun in names.objects.relations.items():
        if oid in {derived_oid(noun, "t", ""), derived_oid(noun, "a", "")}:
            shown = (
                quote_ident(name)
                if names.is_visible((schema, name))
                else f"{quote_ident(schema)}.{quote_ident(name)}"
            )
            return shown if oid == derived_oid(noun, "t", "") else f"{shown}[]"
    return next(
        (f"information_schema.{row[1]}" for row in static_rows("pg_type") if row[0] == oid), None
    )


def _write_collation(_: Names, oid: int) -> str | None:
    found = next((str(row[1]) for row in static_rows("pg_collation") if row[0] == oid), None)
    return None if found is None else quote_ident(found)


def _write_signature(names: Names, oid: int) -> str | None:
    name = function_name(names, oid)
    if name is None:
        return None
    for label, overloads in FUNCTIONS.items():
        for row in overloads:
            if row[0] == oid:
                return f"{label}({','.join(t.format_type(kind) for kind in row[1])})"
    noun = names.catalog.by_id.get(oid - FIRST_OID)
    if noun is None:
        return f"{name}()"
    arguments = noun.extra["postgres"]["arguments"]
    return f"{quote_ident(name)}({','.join(t.format_type(kind) for kind in arguments)})"


def _text_search(
    table: str, kind: str
) -> tuple[Callable[[Names, str], int], Callable[[Names, int], str | None]]:
    """Return what reads and writes names of objects of full text search."""

    def read(_names: Names, text: str) -> int:
        schema, name = _split(text)
        for row in static_rows(table):
            if row[1] == name and schema in {None, "pg_catalog"}:
                return int(str(row[0]))
        raise error("42704", f'text search {kind} "{text}" does not exist')

    def write(_names: Names, oid: int) -> str | None:
        return next((str(row[1]) for row in static_rows(table) if row[0] == oid), None)

    return read, write


_CONFIGURATIONS = _text_search("pg_ts_config", "configuration")
_DICTIONARIES = _text_search("pg_ts_dict", "dictionary")
_READERS: dict[int, Callable[[Names, str], int]] = {
    t.REGCLASS: _relation, t.REGTYPE: _type, REGNAMESPACE: _namespace, REGPROC: _procedure, REGROLE: _role, REGCOLLATION: _collation,
    REGCONFIG: _CONFIGURATIONS[0], REGDICTIONARY: _DICTIONARIES[0],
    REGPROCEDURE: lambda names, text: _procedure(names, text.partition("(")[0]),
}  # fmt: skip
_WRITERS = {
    t.REGCLASS: relation_name, t.REGTYPE: _write_type, REGNAMESPACE: _write_namespace, REGPROC: _write_function,
    REGCONFIG: _CONFIGURATIONS[1], REGDICTIONARY: _DICTIONARIES[1],
    REGROLE: _write_role, REGCOLLATION: _write_collation, REGPROCEDURE: _write_signature,
}  # fmt: skip
