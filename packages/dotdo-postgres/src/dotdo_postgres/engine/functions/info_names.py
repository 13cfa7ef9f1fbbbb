"""Names of objects (9.26): format_type, to_regclass and its kin, what is visible, conversions of regclass and regtype."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.objects.lookup import relation_key, visible_type
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.compile.sql import Sql
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("9.26.2")
REGPROC, REGPROCEDURE, REGNAMESPACE, REGROLE, REGCOLLATION = 24, 2202, 4089, 4096, 4191
_REG = {"regclass": t.REGCLASS, "regtype": t.REGTYPE, "regnamespace": REGNAMESPACE, "regproc": REGPROC, "regrole": REGROLE,
        "regcollation": REGCOLLATION, "regprocedure": REGPROCEDURE}  # fmt: skip


@FAMILY.function("format_type(oid, integer)", returns="text", is_strict=False, takes_session=True)
def format_type(facts: Facts, oid: int | None, typmod: int | None) -> str | None:
    """Write a type with its modifier."""
    if oid is None:
        return None
    if oid == 0:
        return "-"
    if oid in t.BY_OID:
        if oid == t.BPCHAR and typmod is None:
            return "character"
        return visible_type(facts.names, oid, -1 if typmod is None else typmod)
    shown = facts.names.write_reg(t.REGTYPE, oid)
    return "???" if shown == str(oid) else shown


def _visible(facts: Facts, oid: int) -> int | None:
    key = relation_key(facts.names, oid)
    if key is None:
        return None
    if key[0] == "pg_catalog":
        return 1
    if key[0] == "information_schema":
        return int("information_schema" in facts.names.path)
    return int(facts.names.is_visible(key))


@FAMILY.function("pg_table_is_visible(oid)", returns="boolean", takes_session=True)
def is_table_visible(facts: Facts, oid: int) -> int | None:
    """Tell whether a relation is found by its bare name."""
    return _visible(facts, oid)


@FAMILY.function("pg_type_is_visible(oid)", returns="boolean", takes_session=True)
def is_type_visible(facts: Facts, oid: int) -> int:
    """Tell whether a type is found by its bare name."""
    for (schema, name), number in facts.names.objects.types.items():
        if number == oid:
            return int(facts.names.type(None, name) == oid or schema in facts.names.path)
    key = relation_key(facts.names, oid)
    return int(key is None or key[0] in facts.names.path)


@FAMILY.function("pg_function_is_visible(oid)", returns="boolean", takes_session=True)
def is_function_visible(facts: Facts, oid: int) -> int:
    """Tell whether a function is found by its bare name."""
    if oid < t.FIRST_USER_OID:
        return int(oid < 13000)
    return int(
        any(
            schema in facts.names.path and any(FIRST_OID + noun.id == oid for noun in nouns)
            for (schema, _), nouns in facts.names.objects.functions.items()
        )
    )


@FAMILY.function(
    "pg_collation_is_visible(oid)", "pg_operator_is_visible(oid)", "pg_opclass_is_visible(oid)", "pg_opfamily_is_visible(oid)",
    "pg_conversion_is_visible(oid)", "pg_ts_config_is_visible(oid)", "pg_ts_dict_is_visible(oid)", "pg_ts_parser_is_visible(oid)",
    "pg_ts_template_is_visible(oid)", "pg_statistics_obj_is_visible(oid)", returns="boolean",
)  # fmt: skip
def is_visible(oid: int) -> int:
    """Return true: all of these are in pg_catalog."""
    return 1


@FAMILY.function("pg_get_userbyid(oid)", returns="name", takes_session=True)
def user_by_id(facts: Facts, oid: int) -> str:
    """Return the name of a role."""
    return facts.catalog.ask("role_of", oid) or f"unknown (OID={oid})"


def _to_reg(facts: Facts, kind: int, text: str) -> int | None:
    try:
        return facts.names.read_reg(kind, text)
    except PostgresError as failure:
        if failure.sqlstate not in {"42P01", "42704", "3F000", "42883", "42725", "42602"}:
            raise
        return None


@FAMILY.function("to_regclass(text)", returns="regclass", takes_session=True)
def to_regclass(facts: Facts, text: str) -> int | None:
    """Return the relation of that name, NULL when there is none."""
    return _to_reg(facts, t.REGCLASS, text)


@FAMILY.function("to_regtype(text)", returns="regtype", takes_session=True)
def to_regtype(facts: Facts, text: str) -> int | None:
    """Return the type of that name, NULL when there is none."""
    found: int | None = facts.catalog.ask("find_type_named", text)
    return found


@FAMILY.function("to_regnamespace(text)", returns="regnamespace", takes_session=True)
def to_regnamespace(facts: Facts, text: str) -> int | None:
    """Return the schema of that name, NULL when there is none."""
    return _to_reg(facts, REGNAMESPACE, text)


@FAMILY.function("to_regproc(text)", returns="regproc", takes_session=True)
def to_regproc(facts: Facts, text: str) -> int | None:
    """Return the function of that name, NULL when there is none or several."""
    return _to_reg(facts, REGPROC, text)


@FAMILY.function("to_regrole(text)", returns="regrole", takes_session=True)
def to_regrole(facts: Facts, text: str) -> int | None:
    """Return the role of that name, NULL when there is none."""
    return _to_reg(facts, REGROLE, text)


def _declare_casts() -> None:
    for name, kind in _REG.items():

        def read(facts: Facts, text: str, kind: int = kind) -> int:
            return facts.names.read_reg(kind, text)

        def write(facts: Facts, oid: int, kind: int = kind) -> str:
            return facts.names.write_reg(kind, oid)

        FAMILY.cast(f"text as {name}", takes_session=True)(read)
        FAMILY.cast(f"{name} as text", takes_session=True)(write)

        def same(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
            return args[0]

        FAMILY.native_cast(
            f"{name} as bigint", f"{name} as integer", f"integer as {name}", f"bigint as {name}", f"smallint as {name}",
        )(same)  # fmt: skip


_declare_casts()


@FAMILY.function("current_schemas(boolean)", returns="name[]", takes_session=True)
def current_schemas(facts: Facts, with_implicit: int) -> str:
    """Return the schemas of the search path."""
    from dotdo_postgres.engine.objects.search_path import split_identifiers

    told = split_identifiers(facts.settings["search_path"])
    path = [
        name
        for name in facts.names.path
        if with_implicit or name in told or name not in {"pg_catalog", facts.names.temporary}
    ]
    return arrays.pack(list(path))


@FAMILY.function("pg_collation_for(any)", returns="text", is_strict=False)
def collation_for(value: object) -> str:
    """Return the collation, which is the default."""
    return '"default"'


@FAMILY.function("pg_char_to_encoding(name)", returns="integer")
def char_to_encoding(name: str) -> int:
    """Return the number of an encoding, -1 for others than UTF8 and SQL_ASCII."""
    return {"utf8": 6, "unicode": 6, "sql_ascii": 0}.get(name.lower().replace("-", ""), -1)


@FAMILY.function("pg_encoding_to_char(integer)", returns="name")
def encoding_to_char(number: int) -> str:
    """Return the name of an encoding."""
    return {0: "SQL_ASCII", 6: "UTF8"}.get(number, "")


__all__ = ["FAMILY", "quote_ident", "static_rows"]
