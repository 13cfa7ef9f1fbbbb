"""Privileges (9.26.3): has_table_privilege and its kin, pg_has_role, and the functions of access control lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.26.3")
_OBJECTS = ("table", "any_column", "sequence", "schema", "database", "function", "type", "language", "tablespace", "foreign_data_wrapper",
            "server")  # fmt: skip


def _has_privilege(kind: str, facts: Facts, *arguments: Any) -> int | None:
    """Tell whether a role has any of the privileges on an object; the acting one by default. NULL: there is no such object."""
    count = 3 if kind == "column" else 2
    role = arguments[0] if len(arguments) > count else facts.user
    found: int | None = facts.catalog.ask("has_privilege", kind, role, *arguments[-count:])
    return found


def _has_role(facts: Facts, *arguments: Any) -> int | None:
    """Tell whether a role, the acting one by default, is a member of another, or has its privileges."""
    role = arguments[0] if len(arguments) > 2 else facts.user
    found: int | None = facts.catalog.ask("has_role", role, *arguments[-2:])
    return found


def _declare() -> None:
    for kind in _OBJECTS:
        for role in ("", "name, ", "oid, "):
            for target in ("oid", "text"):
                FAMILY.function(
                    f"has_{kind}_privilege({role}{target}, text)",
                    returns="boolean",
                    takes_session=True,
                )(partial(_has_privilege, kind))
    for role in ("", "name, ", "oid, "):
        for target in ("oid", "text"):
            for column in ("text", "smallint"):
                FAMILY.function(
                    f"has_column_privilege({role}{target}, {column}, text)",
                    returns="boolean",
                    takes_session=True,
                )(partial(_has_privilege, "column"))
        for member in ("oid", "name"):
            FAMILY.function(
                f"pg_has_role({role}{member}, text)", returns="boolean", takes_session=True
            )(_has_role)


_declare()


@FAMILY.function("row_security_active(oid)", "row_security_active(text)", returns="boolean", takes_session=True)  # fmt: skip
def is_row_security_active(facts: Facts, relation: object) -> int:
    """Tell whether policies concern the acting role on a table."""
    found: int = facts.catalog.ask("is_row_security_active", relation)
    return found


@FAMILY.function('acldefault("char", oid)', returns="aclitem[]", takes_session=True)
def default_list(facts: Facts, kind: str, owner: int) -> str:
    """Return what is granted on an object of a kind on which nothing was granted yet.

    Raises:
        PostgresError: there is no such kind (22023).
    """
    found: str = facts.catalog.ask("default_list", kind, owner)
    return found


@FAMILY.function("makeaclitem(oid, oid, text, boolean)", returns="aclitem", takes_session=True)
def make_item(facts: Facts, grantee: int, grantor: int, privileges: str, is_grantable: int) -> str:
    """Make an entry of an access control list.

    Raises:
        PostgresError: there is no such privilege (22023).
    """
    found: str = facts.catalog.ask("make_item", grantee, grantor, privileges, is_grantable)
    return found
