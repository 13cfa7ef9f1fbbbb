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


def _declare() -> None:
    for kind in _OBJECTS:
        for role in ("", "name, ", "oid, "):
            for target in ("oid", "text"):
                FAMILY.function(
                    f"has_{kind}_privilege({role}{target}, text)",
                    returns="boolean",
                    takes_session=True,
                )(_has_privilege)
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


def _has_privilege(facts: Facts, *_: Any) -> int:
    """Return true: the session's user owns everything."""
    return 1


_declare()


@FAMILY.function("row_security_active(oid)", "row_security_active(text)", returns="boolean")
def is_row_security_active(relation: object) -> int:
    """Return false: owners see every row."""
    return 0
