"""Values and rows as text: what output functions write, what composite literals look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.mapping import codecs, numeric_codecs, scalar_codecs
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.records import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.session import Session


def value_to_text(session: Session, value: Any, oid: int) -> str:
    """Return a value, in the form of parameters, as its type's output function writes it."""
    from dotdo_postgres.engine.bind.domains import base_type

    base = base_type(oid)[0]
    if base == t.NUMERIC:
        return numeric_codecs.NUMERIC_BYTES.to_text(value)
    if base in t.REG_TYPES:
        return scalar_codecs.reg_codec(base, session.names).to_text(value)
    codec = codecs.codec_of(base, session.facts.zone)
    return str(value) if codec is None else codec.to_text(value)


def row_to_text(
    session: Session, fields: Sequence[tuple[str, int, int]], values: Sequence[Any]
) -> str:
    """Return a row as `(1,"a b",)`."""
    parts = []
    for (_, oid, _), value in zip(fields, values, strict=True):
        parts.append("" if value is None else quoted(value_to_text(session, value, oid)))
    return f"({','.join(parts)})"
