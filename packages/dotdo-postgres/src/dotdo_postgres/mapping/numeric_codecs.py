"""Forms of numeric: an order-preserving byte string, or an integer scaled by a power of ten."""

from decimal import Decimal
from functools import lru_cache, partial

from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping.forms import Codec


def _numeric_from_text(text: str) -> bytes:
    return numeric.encode(numeric.from_text(text))


NUMERIC_BYTES = Codec(
    _numeric_from_text,
    lambda data: numeric.to_text(numeric.decode(data)),
    lambda data: numeric.encode(numeric.from_binary(data)),
    lambda data: numeric.to_binary(numeric.decode(data)),
    numeric.decode,
    numeric.encode,
)
"""numeric as an order-preserving byte string."""


@lru_cache(maxsize=64)
def numeric_scaled(scale: int) -> Codec:
    """Return the codec of a numeric kept as an integer scaled by 10**scale."""

    def from_decimal(value: Decimal) -> int:
        return int(numeric.rounded(value, scale).scaleb(scale, numeric.CONTEXT))

    to_decimal = partial(numeric.CONTEXT.multiply, Decimal((0, (1,), -scale)))

    return Codec(
        lambda text: from_decimal(numeric.from_text(text)),
        lambda scaled: numeric.scaled_to_text(scaled, scale),
        lambda data: from_decimal(numeric.from_binary(data)),
        lambda scaled: numeric.to_binary(to_decimal(scaled)),
        to_decimal,
        from_decimal,
    )
