"""Privileges (9.26.3): has_table_privilege and its kin, pg_has_role."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.26.3")
_OBJECTS = ("table", "any_column", "sequence", "schema", "database", "function", "type", "language", "tablespace", "foreign_data_wrapper",
            "server")  # fmt: skip


def _has_privilege(facts: Facts, *arguments: Any) -> int:
    """Return true: what is granted is kept for tables, views and schemas only."""
    return 1


def _has_table_privilege(facts: Facts, *arguments: Any) -> int:
    """Tell whether a role has a privilege on a table; the acting one by default."""
    role = arguments[0] if len(arguments) > 2 else facts.user
    found: int = facts.catalog.ask("has_table_privilege", role, arguments[-2], arguments[-1])
    return found


def _declare() -> None:
    for kind in _OBJECTS:
        answer = _has_table_privilege if kind == "table" else _has_privilege
        for role in ("", "name, ", "oid, "):
            for target in ("oid", "text"):
                FAMILY.function(
                    f"has_{kind}_privilege({role}{target}, text)",
                    returns="boolean",
                    takes_session=True,
                )(answer)
    for role in ("", "name, ", "oid, "):
        for target in ("oid", "text"):
            for column in ("text", "smallint"):
                FAMILY.function(
                    f"has_column_privilege({role}{target}, {column}, text)",
                    returns="boolean",
                    takes_session=True,
                )(_has_privilege)
        for member in ("oid", "name"):
            FAMILY.function(
                f"pg_has_role({role}{member}, text)", returns="boolean", takes_session=True
            )(_has_privilege)


_declare()


@FAMILY.function("row_security_active(oid)", "row_security_active(text)", returns="boolean")
def is_row_security_active(relation: object) -> int:
    """Return false: owners see every row."""
    return 0
