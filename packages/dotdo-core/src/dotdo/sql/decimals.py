"""Order of numbers of any kind that lie in documents: whole, real, decimal, beyond 64 bits."""

from decimal import Decimal

from dotdo.errors import InvalidValue
from dotdo.sql import numeric
from dotdo.values import decode

ORDER = "dotdo_order"
"""Name of the SQL function that `order_of` is."""


def order_of(text: str | None) -> bytes | None:
    """Return bytes that sort as the number does whose JSON text is given, None for everything else."""
    value = None if text is None else decode(text)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        return numeric.encode(value)
    except InvalidValue:
        return None
