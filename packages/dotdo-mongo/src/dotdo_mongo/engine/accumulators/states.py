"""The accumulators of one expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.accumulators.declare import Accumulation, Family
from dotdo_mongo.engine.aggregates import Deviation, Total
from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.values import MISSING, NULLISH, Key, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.expressions import Scope

FAMILY = Family("states")


class Sum:
    """$sum."""

    __slots__ = ("total",)

    def __init__(self, scope: Scope) -> None:
        del scope
        self.total = Total()

    def add(self, value: Any) -> None:
        """Take a value."""
        self.total.add(value)

    def value(self) -> Any:
        """Return the sum."""
        return self.total.value()


class Average(Sum):
    """$avg."""

    __slots__ = ()

    def value(self) -> Any:
        """Return the mean."""
        return self.total.mean()


class Extreme:
    """$min and $max."""

    __slots__ = ("best", "best_key", "is_greatest", "key")

    def __init__(self, scope: Scope, *, is_greatest: bool) -> None:
        self.key = scope.key
        self.is_greatest = is_greatest
        self.best: Any = None
        self.best_key: Key | None = None

    def add(self, value: Any) -> None:
        """Take a value; null and absent do not count."""
        if type(value) in NULLISH:
            return
        key = self.key(value)
        if self.best_key is None or (
            key > self.best_key if self.is_greatest else key < self.best_key
        ):
            self.best, self.best_key = value, key

    def value(self) -> Any:
        """Return the greatest or least."""
        return self.best


class First:
    """$first."""

    __slots__ = ("found", "has_any")

    def __init__(self, scope: Scope) -> None:
        del scope
        self.found: Any = None
        self.has_any = False

    def add(self, value: Any) -> None:
        """Take a value."""
        if not self.has_any:
            self.found, self.has_any = value, True

    def value(self) -> Any:
        """Return the first."""
        return None if self.found is MISSING else self.found


class Last:
    """$last."""

    __slots__ = ("found",)

    def __init__(self, scope: Scope) -> None:
        del scope
        self.found: Any = None

    def add(self, value: Any) -> None:
        """Take a value."""
        self.found = value

    def value(self) -> Any:
        """Return the last."""
        return None if self.found is MISSING else self.found


class Push:
    """$push."""

    __slots__ = ("found",)

    def __init__(self, scope: Scope) -> None:
        del scope
        self.found: list[Any] = []

    def add(self, value: Any) -> None:
        """Take a value; absent ones are left out."""
        if value is not MISSING:
            self.found.append(value)

    def value(self) -> Any:
        """Return all, in order."""
        return list(self.found)


class AddToSet:
    """$addToSet."""

    __slots__ = ("found", "key")

    def __init__(self, scope: Scope) -> None:
        self.key = scope.key
        self.found: dict[Key, Any] = {}

    def add(self, value: Any) -> None:
        """Take a value; absent ones are left out."""
        if value is not MISSING:
            self.found.setdefault(self.key(value), value)

    def value(self) -> Any:
        """Return the distinct."""
        return list(self.found.values())


class SetUnion(AddToSet):
    """$setUnion."""

    __slots__ = ()

    def add(self, value: Any) -> None:
        """Take an array's members. Code 14."""
        if value is MISSING:
            return
        if not isinstance(value, list):
            raise failure(
                14,
                f"$setUnion requires array inputs, but input {value} is of type {type_name(value)}",
            )
        for member in value:
            super().add(member)


class ConcatArrays(Push):
    """$concatArrays."""

    __slots__ = ()

    def add(self, value: Any) -> None:
        """Take an array's members. Code 14."""
        if value is MISSING:
            return
        if not isinstance(value, list):
            raise failure(
                14,
                f"$concatArrays requires array inputs, but input {value} is of type {type_name(value)}",
            )
        self.found += value


class MergeObjects:
    """$mergeObjects."""

    __slots__ = ("found",)

    def __init__(self, scope: Scope) -> None:
        del scope
        self.found: dict[str, Any] = {}

    def add(self, value: Any) -> None:
        """Take a document's members. Code 5911200."""
        if type(value) in NULLISH:
            return
        document = as_document(value)
        if document is None:
            raise failure(
                5911200,
                f"$mergeObjects requires object inputs, but input {value} is of type {type_name(value)}",
            )
        self.found.update(document)

    def value(self) -> Any:
        """Return the merged document."""
        return dict(self.found)


class Spread:
    """$stdDevPop and $stdDevSamp."""

    __slots__ = ("deviation", "is_sample")

    def __init__(self, *, is_sample: bool) -> None:
        self.deviation = Deviation()
        self.is_sample = is_sample

    def add(self, value: Any) -> None:
        """Take a value."""
        self.deviation.add(value)

    def value(self) -> Any:
        """Return the deviation."""
        return self.deviation.sample() if self.is_sample else self.deviation.population()


FAMILY.unary("$sum", Sum)
FAMILY.unary("$avg", Average)
FAMILY.unary("$min", lambda scope: Extreme(scope, is_greatest=False))
FAMILY.unary("$max", lambda scope: Extreme(scope, is_greatest=True))
FAMILY.unary("$first", First)
FAMILY.unary("$last", Last)
FAMILY.unary("$push", Push)
FAMILY.unary("$addToSet", AddToSet)
FAMILY.unary("$setUnion", SetUnion)
FAMILY.unary("$concatArrays", ConcatArrays)
FAMILY.unary("$mergeObjects", MergeObjects)
FAMILY.unary("$stdDevPop", lambda _: Spread(is_sample=False))
FAMILY.unary("$stdDevSamp", lambda _: Spread(is_sample=True))


@FAMILY.accumulator("$count")
def count(argument: Any, scope: Scope) -> Accumulation:
    """Count documents. Code 14."""
    if isinstance(argument, list):
        raise failure(40237, "The $count accumulator is a unary operator")
    if not isinstance(argument, Mapping) or argument:
        raise failure(14, "$count takes no arguments, i.e. $count:{}")
    return Accumulation(lambda document, variables: 1, lambda _: Sum(scope))  # noqa: ARG005
