"""Access methods of indexes: which types they take, by the operator classes of the catalog, and what they cannot do."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.extension_types import METHODS, OPERATOR_CLASSES, OWNERS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Node = dict[str, Any]
BUILT = frozenset({"btree", "hash"})
"""Methods whose indexes are built: SQLite's trees find equal values as a hash does. Others are kept only, as they would only make queries faster."""
_SINGLE = frozenset({"hash", "spgist"})
_INCLUDING = frozenset({"btree", "gist", "spgist"})


@cache
def _methods() -> dict[str, int]:
    own = {str(row[1]): int(str(row[0])) for row in static_rows("pg_am") if row[3] == "i"}
    return own | {name: number for name, (number, _) in METHODS.items()}


@cache
def _classes() -> dict[int, list[tuple[str, int, bool]]]:
    found: dict[int, list[tuple[str, int, bool]]] = {}
    for row in static_rows("pg_opclass"):
        entry = str(row[2]), int(str(row[6])), bool(row[7])
        found.setdefault(int(str(row[1])), []).append(entry)
    for method, classes in OPERATOR_CLASSES.items():
        found.setdefault(_methods()[method], []).extend(classes)
    return found


def number_of(method: str) -> int:
    """Return the OID of an access method."""
    return _methods()[method]


def require_method(node: Node, extensions: Collection[str]) -> str:
    """Return the access method of a new index.

    Raises:
        PostgresError: there is none (42704), or it cannot do what is asked for (0A000).
    """
    method: str = node.get("accessMethod", "btree")
    if method == "rtree":
        method = "gist"
    brought = METHODS.get(method, (0, None))[1]
    if method not in _methods() or (brought is not None and brought not in extensions):
        raise error("42704", f'access method "{method}" does not exist')
    if node.get("unique") and method != "btree":
        raise error("0A000", f'access method "{method}" does not support unique indexes')
    if node.get("indexIncludingParams") and method not in _INCLUDING:
        raise error("0A000", f'access method "{method}" does not support included columns')
    if len(node["indexParams"]) > 1 and method in _SINGLE:
        raise error("0A000", f'access method "{method}" does not support multicolumn indexes')
    if method != "btree":
        for item in node["indexParams"]:
            element = item["IndexElem"]
            if element.get("ordering", "SORTBY_DEFAULT") != "SORTBY_DEFAULT":
                raise error("0A000", f'access method "{method}" does not support ASC/DESC options')
            if element.get("nulls_ordering", "SORTBY_NULLS_DEFAULT") != "SORTBY_NULLS_DEFAULT":
                message = f'access method "{method}" does not support NULLS FIRST/LAST options'
                raise error("0A000", message)
    return method


def require_class(
    method: str, oid: int, named: Sequence[Node], extensions: Collection[str]
) -> None:
    """See that a method takes a type, by the class that is named or by default.

    Raises:
        PostgresError: there is no such class (42704), or it is for another type (42804).
    """
    classes = [
        one
        for one in _classes().get(_methods()[method], [])
        if OWNERS.get(one[0]) is None or OWNERS[one[0]] in extensions
    ]
    if named:
        name = named[-1]["String"]["sval"]
        takes = [kind for label, kind, _ in classes if label == name]
        if not takes:
            message = f'operator class "{name}" does not exist for access method "{method}"'
            raise error("42704", message)
        if not any(_fits(oid, kind) for kind in takes):
            shown = t.format_type(oid)
            raise error("42804", f'operator class "{name}" does not accept data type {shown}')
        return
    if not any(is_default and _fits(oid, kind) for _, kind, is_default in classes):
        shown = t.format_type(oid)
        message = f'data type {shown} has no default operator class for access method "{method}"'
        hint = "You must specify an operator class for the index or define a default operator class for the data type."
        raise error("42704", message, hint=hint)


def _fits(oid: int, kind: int) -> bool:
    if oid == kind:
        return True
    if kind in {t.ANYARRAY, t.ANYENUM, t.ANYRANGE, t.ANYMULTIRANGE, t.RECORD}:
        pg_type = t.BY_OID[oid]
        return {
            t.ANYARRAY: pg_type.category == "A" and pg_type.element != 0,
            t.ANYENUM: pg_type.kind == "e",
            t.ANYRANGE: oid in RANGES,
            t.ANYMULTIRANGE: oid in MULTIRANGES,
            t.RECORD: pg_type.category == "C" or oid == t.RECORD,
        }[kind]
    if kind == t.TEXT:
        return t.BY_OID[oid].category == "S" and oid != t.BPCHAR and t.BY_OID[oid].kind == "b"
    return (oid, kind) in {(t.CIDR, t.INET), (t.BIT, t.VARBIT), (t.NAME, t.TEXT), *_REGS}


_REGS = frozenset((oid, t.OID) for oid in t.REG_TYPES)
