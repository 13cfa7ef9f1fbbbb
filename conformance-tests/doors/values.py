"""One value of each type as every door has it: what goes in by one door, and what comes out of another."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from bson import Binary, Decimal128, Int64

NOON = dt.datetime(2026, 1, 8, 12, 30, 15, 250_000, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 8)
UID = UUID("00010203-0405-4607-8809-0a0b0c0d0e0f")
SAME: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value.

    Args:
        name: Of the type, as `docs/doors.md` lists it.
        thing: In Python, as `things` has it.
        sql_type: The column's in SQL, for documents and tables alike.
        column: The kernel's column type, of a table.
        mongo_type: BSON's.
        sql, mongo: As psycopg and pymongo give it; by default the same as `thing`.
        redis: The bytes of a hash's field; None is no field.
        gaps: `home writer reader` -> why it is not so there; `*` stands for any.
    """

    name: str
    thing: Any
    sql_type: str
    column: str
    mongo_type: str
    sql: Any = SAME
    mongo: Any = SAME
    redis: bytes | None = b""
    gaps: tuple[tuple[str, str], ...] = ()

    def of(self, door: str) -> Any:
        """Return it as a door has it."""
        if door == "redis":
            return self.redis
        own = {"things": SAME, "sql": self.sql, "mongo": self.mongo}[door]
        return self.thing if own is SAME else own

    def gap(self, home: str, writer: str, reader: str) -> str | None:
        """Return why a cell is not possible, None when it is."""
        for cell, reason in self.gaps:
            parts = zip(cell.split(), (home, writer, reader), strict=True)
            if all(wanted in {"*", found} for wanted, found in parts):
                return reason
        return None


_NO_DATE = "BSON has no date without a time: what MongoDB writes is a moment"
VALUES = (
    Value(name="text", thing="Åsa 'q\" \U0001f600\n", sql_type="text", column="text", mongo_type="string",
          redis="Åsa 'q\" \U0001f600\n".encode()),
    Value(name="empty text", thing="", sql_type="text", column="text", mongo_type="string", redis=b""),
    Value(name="boolean", thing=True, sql_type="boolean", column="boolean", mongo_type="bool", redis=b"true"),
    Value(name="whole number", thing=-7, sql_type="bigint", column="bigint", mongo_type="int", redis=b"-7"),
    Value(name="64-bit number", thing=(1 << 62) + 1, sql_type="bigint", column="bigint", mongo_type="long",
          mongo=Int64((1 << 62) + 1), redis=b"4611686018427387905"),
    Value(name="floating point", thing=0.1, sql_type="double precision", column="double", mongo_type="double", redis=b"0.1"),
    Value(name="decimal", thing=Decimal("1.50"), sql_type="numeric", column="numeric", mongo_type="decimal",
          mongo=Decimal128("1.50"), redis=b"1.50"),
    Value(name="moment", thing=NOON, sql_type="timestamp with time zone", column="timestamptz", mongo_type="date",
          redis=b"2026-01-08T12:30:15.250000+00:00"),
    Value(name="date", thing=DAY, sql_type="date", column="date", mongo_type="date",
          mongo=dt.datetime(2026, 1, 8, tzinfo=dt.UTC), redis=b"2026-01-08",
          gaps=tuple((f"{home} mongo {reader}", _NO_DATE)
                     for home in ("documents", "collection", "keys") for reader in ("things", "sql", "redis"))),
    Value(name="bytes", thing=b"\x00\xff{", sql_type="bytea", column="bytes", mongo_type="binData", redis=b"\x00\xff{"),
    Value(name="UUID", thing=UID, sql_type="uuid", column="uuid", mongo_type="binData (subtype 4)",
          mongo=Binary(UID.bytes, 4), redis=str(UID).encode()),
    Value(name="list", thing=[1, ["x", None], {"a": []}], sql_type="jsonb", column="jsonb", mongo_type="array",
          redis=b'[1,["x",null],{"a":[]}]'),
    Value(name="object", thing={"a": {"x": [True]}, "ü b": 1}, sql_type="jsonb", column="jsonb", mongo_type="object",
          redis='{"a":{"x":[true]},"ü b":1}'.encode()),
    Value(name="null", thing=None, sql_type="any", column="text", mongo_type="null", redis=None),
)  # fmt: skip
"""Every type that has a row in `docs/doors.md`."""
