"""Functions and operators of the extension vector: distances, arithmetic, aggregates; searches are exact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.checks import VECTOR_KEY
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays, numeric, vectors
from dotdo_postgres.mapping.floats import NAN, single
from dotdo_postgres.mapping.vectors import decode, encode
from dotdo_postgres.spec.extension_types import VECTOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("vector")
Numbers = tuple[float, ...]


def _pair(left: str, right: str) -> tuple[Numbers, Numbers]:
    one, other = decode(left), decode(right)
    if len(one) != len(other):
        raise error("22000", f"different vector dimensions {len(one)} and {len(other)}")
    return one, other


def _total(parts: Any) -> float:
    """Add up in single precision, one after the other."""
    total = 0.0
    for part in parts:
        total = _single(total + _single(part))
    return total


def _single(value: float) -> float:
    if abs(value) > 3.4028235677973366e38:
        return math.copysign(math.inf, value)
    return single(value) if abs(value) >= 1e-45 or value == 0 else 0.0


@FAMILY.operator("vector <-> vector", returns="double precision")
@FAMILY.function("l2_distance(vector, vector)", returns="double precision")
def l2_distance(left: str, right: str) -> float:
    """Return the Euclidean distance (22000 for different dimensions)."""
    one, other = _pair(left, right)
    return math.sqrt(_total(_single(a - b) ** 2 for a, b in zip(one, other, strict=True)))


@FAMILY.function("vector_l2_squared_distance(vector, vector)", returns="double precision")
def l2_squared(left: str, right: str) -> float:
    """Return the square of the Euclidean distance."""
    one, other = _pair(left, right)
    return _total(_single(a - b) ** 2 for a, b in zip(one, other, strict=True))


def _product(one: Numbers, other: Numbers) -> float:
    return _total(a * b for a, b in zip(one, other, strict=True))


@FAMILY.function("inner_product(vector, vector)", returns="double precision")
def inner_product(left: str, right: str) -> float:
    """Return the inner product."""
    return _product(*_pair(left, right))


@FAMILY.operator("vector <#> vector", returns="double precision")
@FAMILY.function("vector_negative_inner_product(vector, vector)", returns="double precision")
def negative_product(left: str, right: str) -> float:
    """Return the negative inner product."""
    return -_product(*_pair(left, right))


@FAMILY.operator("vector <=> vector", returns="double precision")
@FAMILY.function("cosine_distance(vector, vector)", returns="double precision")
def cosine_distance(left: str, right: str) -> float:
    """Return one minus the cosine of the angle, NaN where a vector has no length."""
    one, other = _pair(left, right)
    lengths = _product(one, one) * _product(other, other)
    if lengths == 0:
        return math.nan
    return 1.0 - max(-1.0, min(1.0, _product(one, other) / math.sqrt(lengths)))


@FAMILY.operator("vector <+> vector", returns="double precision")
@FAMILY.function("l1_distance(vector, vector)", returns="double precision")
def l1_distance(left: str, right: str) -> float:
    """Return the taxicab distance."""
    one, other = _pair(left, right)
    return _total(abs(_single(a - b)) for a, b in zip(one, other, strict=True))


@FAMILY.function("vector_dims(vector)", returns="integer")
def dimensions(stored: str) -> int:
    """Return how many numbers there are."""
    return len(decode(stored))


@FAMILY.function("vector_norm(vector)", returns="double precision")
def norm(stored: str) -> float:
    """Return the length."""
    return math.sqrt(sum(number * number for number in decode(stored)))


@FAMILY.function("l2_normalize(vector)", returns="vector")
def normalized(stored: str) -> str:
    """Return the vector of length one in the same direction; one without length stays as it is."""
    length = norm(stored)
    return encode([number / length for number in decode(stored)]) if length else stored


@FAMILY.function("subvector(vector, integer, integer)", returns="vector")
def subvector(stored: str, start: int, count: int) -> str:
    """Return a part; what is before the first number counts, but is not there (22000)."""
    numbers = decode(stored)
    if count < 1:
        raise error("22000", "vector must have at least 1 dimension")
    return encode(list(numbers[max(start, 1) - 1 : max(start + count - 1, 0)]))


@FAMILY.function("binary_quantize(vector)", returns="bit")
def quantized(stored: str) -> str:
    """Return a bit for each number: whether it is positive."""
    return "".join("1" if number > 0 else "0" for number in decode(stored))


def _finite(numbers: list[float]) -> str:
    found = [_single(number) for number in numbers]
    if any(math.isinf(number) for number in found):
        raise error("22003", "value out of range: overflow")
    return encode(found)


def _each(op: str, compute: Callable[[float, float], float]) -> None:
    @FAMILY.operator(f"vector {op} vector", returns="vector")
    def combine(left: str, right: str) -> str:
        one, other = _pair(left, right)
        found = _finite([compute(a, b) for a, b in zip(one, other, strict=True)])
        if op == "*" and any(
            a and b and not c for a, b, c in zip(one, other, decode(found), strict=True)
        ):
            raise error("22003", "value out of range: underflow")
        return found


_each("+", lambda a, b: a + b)
_each("-", lambda a, b: a - b)
_each("*", lambda a, b: a * b)


@FAMILY.operator("vector || vector", returns="vector")
@FAMILY.function("vector_concat(vector, vector)", returns="vector")
def joined(left: str, right: str) -> str:
    """Put one behind the other."""
    return encode([*decode(left), *decode(right)])


def _compare(op: str) -> None:
    @FAMILY.native_operator(f"vector {op} vector", returns="boolean")
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:  # noqa: ARG001 -- declared alike
        left, right = (compiler.python(VECTOR_KEY, [arg], [VECTOR]) for arg in args)
        return Sql(n.binary(op, left, right))


for _op in ("=", "<>", "<", "<=", ">", ">="):
    _compare(_op)


# --- casts -----------------------------------------------------------------------------------


@FAMILY.cast("real[] as vector", "integer[] as vector", "double precision[] as vector")
def of_array(stored: str) -> str:
    """Take the numbers of an array (22000, 22004)."""
    return _of_items(arrays.unpack(stored))


@FAMILY.cast("numeric[] as vector")
def of_numeric_array(stored: str) -> str:
    """Take the numbers of an array."""
    items = arrays.unpack(stored)
    return _of_items(
        [item if not isinstance(item, bytes) else float(numeric.decode(item)) for item in items]
    )


def _of_items(items: list[Any]) -> str:
    if items and isinstance(items[0], list):
        raise error("22000", "array must be 1-D")
    if None in items:
        raise error("22004", "array must not contain nulls")
    return encode([math.nan if item == NAN else float(item) for item in items])


@FAMILY.cast("vector as real[]")
def to_array(stored: str) -> str:
    """Return the numbers as an array."""
    return arrays.pack(list(decode(stored)))


@FAMILY.cast("text as vector")
def read(text: str) -> str:
    """Read a vector (22P02)."""
    return vectors.from_text(text)


@FAMILY.cast("vector as text")
def write(stored: str) -> str:
    """Write a vector."""
    return stored


# --- aggregates ------------------------------------------------------------------------------


class _Sum:
    """Adds vectors, number by number."""

    is_average = False

    def __init__(self) -> None:
        self.count = 0
        self.totals: list[float] = []

    def step(self, stored: str) -> None:
        """Add a vector (22000 for other dimensions)."""
        numbers = decode(stored)
        if self.count and len(numbers) != len(self.totals):
            raise error("22000", f"expected {len(self.totals)} dimensions, not {len(numbers)}")
        self.totals = (
            [a + b for a, b in zip(self.totals, numbers, strict=True)] if self.count else [*numbers]
        )
        if not self.is_average:
            self.totals = list(decode(_finite(self.totals)))
        self.count += 1

    def final(self) -> str | None:
        """Return the sum or the average, NULL of nothing."""
        if not self.count:
            return None
        return encode(
            [total / self.count for total in self.totals] if self.is_average else self.totals
        )


class _Average(_Sum):
    is_average = True


FAMILY.aggregate("sum(vector)", returns="vector")(_Sum)
FAMILY.aggregate("avg(vector)", returns="vector")(_Average)
