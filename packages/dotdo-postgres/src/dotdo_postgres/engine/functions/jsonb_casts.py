"""Casts of jsonb to booleans and numbers."""

from __future__ import annotations

from decimal import Decimal

from dotdo_postgres.engine.functions.casts import numeric_to_float
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import (
    floats,
    jsons,
    numeric,
)

FAMILY = Family("casts")


def _scalar(stored: str, name: str) -> object:
    value = jsons.parse(stored)
    wanted = bool if name == "boolean" else jsons.Number
    if isinstance(value, wanted):
        return value
    kind = jsons.kind_of(value)
    raise error(
        "22023", f"cannot cast jsonb {'numeric' if kind == 'number' else kind} to type {name}"
    )


@FAMILY.cast("jsonb as boolean")
def jsonb_to_boolean(stored: str) -> int:
    """Take a truth value."""
    return int(bool(_scalar(stored, "boolean")))


@FAMILY.cast("jsonb as numeric")
def jsonb_to_numeric(stored: str) -> Decimal:
    """Take a number."""
    return Decimal(str(_scalar(stored, "numeric")))


def _jsonb_to_number(type_name: str, bits: int) -> None:
    @FAMILY.cast(f"jsonb as {type_name}")
    def read(stored: str) -> int:
        return numeric.to_integer(Decimal(str(_scalar(stored, type_name))), bits, type_name)


_jsonb_to_number("smallint", 16)
_jsonb_to_number("integer", 32)
_jsonb_to_number("bigint", 64)


@FAMILY.cast("jsonb as double precision")
def jsonb_to_double(stored: str) -> float:
    """Take a number."""
    return numeric_to_float(Decimal(str(_scalar(stored, "double precision"))))


@FAMILY.cast("jsonb as real")
def jsonb_to_real(stored: str) -> float:
    """Take a number."""
    return floats.single(float(str(_scalar(stored, "real"))))
