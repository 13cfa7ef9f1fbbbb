"""PostgreSQL's types as the binder sees them: names, categories, type modifiers. Built from spec/types."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from dotdo_postgres.mapping.interval import type_text as interval_type
from dotdo_postgres.spec.extension_types import CITEXT as CITEXT  # noqa: PLC0414 -- among the others
from dotdo_postgres.spec.extension_types import TYPES as EXTENSION_TYPES
from dotdo_postgres.spec.extension_types import VECTOR as VECTOR  # noqa: PLC0414 -- among the others
from dotdo_postgres.spec.types import TYPES


@dataclass(frozen=True, slots=True)
class PgType:
    """A type of PostgreSQL's catalogue.

    Args:
        oid: Number in `pg_type`.
        name: Internal name (`int4`).
        sql_name: Name in messages (`integer`).
        size: Bytes of a value, -1 when it varies.
        category: `N`umeric, `S`tring, `D`ate ... as in `pg_type.typcategory`.
        is_preferred: Preferred within its category.
        element: Type of the elements of an array, else 0.
        array: Type of arrays of it, or 0.
        kind: `b`ase, `p`seudo, `r`ange, `m`ultirange, `e`num, `d`omain, `c`omposite.
        base: What a domain is made of, its type modifier, and what its values must keep (SQL text by name of the check).
        labels: Values of an enum in their order.
        fields: Names, types and type modifiers of a composite type's columns.
    """

    oid: int
    name: str
    sql_name: str
    size: int
    category: str
    is_preferred: bool
    element: int
    array: int
    kind: str
    base: int = 0
    base_typmod: int = -1
    labels: tuple[str, ...] = ()
    fields: tuple[tuple[str, int, int], ...] = ()


FIRST_USER_OID = 16384


class RegNames(Protocol):
    """Reads and writes values of regclass, regtype and their kin."""

    def read_reg(self, kind: int, text: str) -> int:
        """Return the OID that a name means; raises the type's own error."""

    def write_reg(self, kind: int, oid: int) -> str:
        """Return the name of an object."""


_NO_TYPES: Mapping[int, PgType] = {}
_user_types: ContextVar[Mapping[int, PgType]] = ContextVar("user_types", default=_NO_TYPES)
_reg_names: ContextVar[RegNames | None] = ContextVar("reg_names", default=None)
"""Types that users made, and how names resolve, of the tenant whose statement is prepared or run."""


class _Types(dict[int, PgType]):
    """PostgreSQL's own types by OID, then those of the statement's tenant."""

    def __missing__(self, oid: int) -> PgType:
        return _user_types.get()[oid]

    def get(self, oid: int, default: Any = None) -> Any:  # type: ignore[explicit-any]  # as the mapping it extends
        """Return the type, or the default."""
        return dict.get(self, oid) or _user_types.get().get(oid, default)

    def __contains__(self, oid: object) -> bool:
        return dict.__contains__(self, oid) or oid in _user_types.get()


def use_types(types: Mapping[int, PgType], names: RegNames | None = None) -> None:
    """Let this context know the types that the tenant's users made, by OID, and how names resolve."""
    _user_types.set(types)
    _reg_names.set(names)


def reg_names() -> RegNames | None:
    """Return how names resolve in the statement that is prepared or run."""
    return _reg_names.get()


BY_OID: dict[int, PgType] = _Types(
    (oid, PgType(oid, name, sql_name, size, category, preferred, element, array, kind))
    for oid, (name, size, category, preferred, element, array, kind, sql_name) in (
        TYPES | EXTENSION_TYPES
    ).items()
)
BY_NAME: dict[str, PgType] = {BY_OID[oid].name: BY_OID[oid] for oid in TYPES}
_BY_SQL_NAME = {pg_type.sql_name: pg_type for pg_type in BY_OID.values()} | {
    "timestamp": BY_NAME["timestamp"],
    "time": BY_NAME["time"],
    "varchar": BY_NAME["varchar"],
    "char": BY_NAME["bpchar"],
    "any": BY_NAME["any"],
}

BOOL, BYTEA, NAME, INT8, INT2, INT4 = 16, 17, 19, 20, 21, 23
TEXT, OID, JSON, FLOAT4, FLOAT8 = 25, 26, 114, 700, 701
UNKNOWN, BPCHAR, VARCHAR, DATE, TIME = 705, 1042, 1043, 1082, 1083
TIMESTAMP, TIMESTAMPTZ, INTERVAL, NUMERIC = 1114, 1184, 1186, 1700
JSONPATH, TSVECTOR, TSQUERY = 4072, 3614, 3615
TID = 27
XID = 28
BIT, VARBIT, TIMETZ, CIDR, INET, MACADDR, MACADDR8 = 1560, 1562, 1266, 650, 869, 829, 774
ANYRANGE, ANYMULTIRANGE, ANYCOMPATIBLERANGE, ANYCOMPATIBLEMULTIRANGE = 3831, 4537, 5080, 4538
REG_TYPES = frozenset({24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191})
UUID, RECORD, ANY, VOID, JSONB, REGCLASS, REGTYPE = 2950, 2249, 2276, 2278, 3802, 2205, 2206
ANYARRAY, ANYELEMENT, ANYNONARRAY, ANYENUM = 2277, 2283, 2776, 3500
ANYCOMPATIBLE, ANYCOMPATIBLEARRAY, ANYCOMPATIBLENONARRAY = 5077, 5078, 5079
POLYMORPHIC = frozenset(
    {ANYARRAY, ANYELEMENT, ANYNONARRAY, ANYENUM, 3831, 4537, 5077, 5078, 5079, 5080, 4538}
)
INTEGERS = frozenset({INT2, INT4, INT8})


def type_named(sql_name: str) -> PgType:
    """Return the type of that name as written in signatures (`integer`, `text`, `timestamp`, `integer[]`).

    Args:
        sql_name: SQL or internal name.

    Returns:
        The type.
    """
    sql_name = sql_name.strip()
    return _BY_SQL_NAME.get(sql_name) or BY_NAME[sql_name]


def format_type(  # noqa: PLR0911 -- one return for each form of modifier
    oid: int, typmod: int = -1
) -> str:
    """Write a type as `format_type` does: `character varying(160)`, `numeric(10,2)`.

    Args:
        oid: Type.
        typmod: Type modifier, -1 when there is none.

    Returns:
        SQL text of the type.
    """
    pg_type = BY_OID.get(oid)
    if pg_type is None:
        return "???"
    if pg_type.element and pg_type.category == "A" and oid not in {22, 30}:
        return format_type(pg_type.element, typmod) + "[]"
    if typmod < 0:
        return pg_type.sql_name
    if oid in {VARCHAR, BPCHAR}:
        return f"{pg_type.sql_name}({typmod - 4})"
    if oid == NUMERIC:
        precision, scale = numeric_limits(typmod)
        return f"numeric({precision},{scale})"
    if oid == INTERVAL:
        return interval_type(typmod)
    if oid in {BIT, VARBIT, VECTOR}:
        return f"{pg_type.sql_name}({typmod})"
    if oid in {TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ}:
        first, _, rest = pg_type.sql_name.partition(" ")
        return f"{first}({typmod}) {rest}"
    return pg_type.sql_name


def numeric_limits(typmod: int) -> tuple[int, int]:
    """Return precision and scale of a numeric's type modifier."""
    packed = typmod - 4
    scale = packed & 0x7FF
    return packed >> 16 & 0xFFFF, scale - 2048 if scale > 1023 else scale


def numeric_typmod(precision: int, scale: int) -> int:
    """Return the type modifier of `numeric(precision, scale)`."""
    return (precision << 16 | scale & 0x7FF) + 4
