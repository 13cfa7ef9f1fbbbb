"""Projections read: each field's value says keep, drop, compute, or descend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bson import Decimal128

from dotdo_mongo.engine.expressions import OPERATORS, Expr, Scope, expression, scope_of
from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.projection.tree import DROP, KEEP, Node
from dotdo_mongo.engine.values import NUMBERS
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context


@dataclass(slots=True)
class Parsed:
    """A projection.

    Args:
        tree: its fields.
        is_exclusion: whether what it does not name stays.
        id: what it says of _id: KEEP, DROP or None.
    """

    tree: Node = field(default_factory=Node)
    is_exclusion: bool | None = None
    id: str | None = None


class Reader:
    """Reads a projection; `is_find` allows what only find does and is told apart by the caller."""

    def __init__(self, context: Context, *, is_find: bool = False) -> None:
        self.context = context
        self.is_find = is_find
        self.parsed = Parsed()
        self.scope: Scope = scope_of(context)

    def read(self, spec: Mapping[str, Any]) -> Parsed:
        """Read all fields. Codes 31249 to 31254, 31310, 31325, 51270, 51272."""
        for name, value in spec.items():
            self.member(split_path(name), value)
        self._settle_id()
        return self.parsed

    def _settle_id(self) -> None:
        parsed = self.parsed
        if parsed.is_exclusion is None:
            parsed.is_exclusion = parsed.id != KEEP if self.is_find else parsed.id == DROP
        if parsed.id == KEEP:
            if not parsed.is_exclusion and "_id" not in parsed.tree.children:
                parsed.tree.children = {"_id": KEEP, **parsed.tree.children}
        elif parsed.id == DROP and parsed.is_exclusion:
            parsed.tree.children["_id"] = DROP
        elif parsed.id is None and not parsed.is_exclusion:
            parsed.tree.children.setdefault("_id", KEEP)

    def member(self, names: tuple[str, ...], value: Any) -> None:
        """Read one field."""
        if isinstance(value, bool) or type(value) in NUMBERS:
            number = value.to_decimal() if isinstance(value, Decimal128) else value
            self.flag(names, bool(number != 0))
        elif isinstance(value, Mapping):
            self._document(names, value)
        else:
            self._compute_literal(names, value)

    def flag(self, names: tuple[str, ...], is_kept: bool) -> None:
        """Keep or drop a field. Codes 31253, 31254."""
        parsed = self.parsed
        if names == ("_id",):
            if parsed.id is not None or "_id" in parsed.tree.children:
                raise failure(31250, "Path collision at _id")
            parsed.id = KEEP if is_kept else DROP
            return
        if parsed.is_exclusion is None:
            parsed.is_exclusion = not is_kept
        elif parsed.is_exclusion == is_kept:
            path = ".".join(names)
            if is_kept:
                raise failure(31253, f"Cannot do inclusion on field {path} in exclusion projection")
            raise failure(31254, f"Cannot do exclusion on field {path} in inclusion projection")
        parsed.tree.put(names, KEEP if is_kept else DROP)

    def _document(self, names: tuple[str, ...], value: Mapping[str, Any]) -> None:
        if not value:
            path = ".".join(names)
            raise failure(
                51270,
                f"An empty sub-projection is not a valid value. Found empty object at path {path}",
            )
        first = next(iter(value))
        if first[:1] == "$":
            self.operation(names, value)
            return
        for name, inner in value.items():
            self.member((*names, *self._inner_names(name)), inner)

    def _inner_names(self, name: str) -> tuple[str, ...]:
        return split_path(name)

    def operation(self, names: tuple[str, ...], value: Mapping[str, Any]) -> None:
        """Read an operator. Codes 16410, 31325."""
        if len(value) > 1:
            raise failure(
                16410,
                f"FieldPath field names may not start with '$'. Consider using $getField or $setField. Bad projection specification: {value}",
            )
        first = next(iter(value))
        if first == "$elemMatch":
            raise failure(168, "Unrecognized expression '$elemMatch'")
        if first not in OPERATORS:
            raise failure(31325, f"Unknown expression {first}")
        self.compute(names, expression(value, self.context), is_meta=first == "$meta")

    def _compute_literal(self, names: tuple[str, ...], value: Any) -> None:
        if self.parsed.is_exclusion:
            raise failure(
                31310,
                f"Cannot use an expression {'.'.join(names)}:{value} in an exclusion projection",
            )
        self.compute(names, expression(value, self.context))

    def compute(self, names: tuple[str, ...], part: Expr, *, is_meta: bool = False) -> None:
        """Compute a field. Code 31252 in an exclusion."""
        parsed = self.parsed
        if is_meta:
            parsed.tree.put(names, part)
            return
        if parsed.is_exclusion:
            raise failure(31252, "Cannot use expression other than $meta in exclusion projection")
        if names == ("_id",) and parsed.id is not None:
            raise failure(31250, "Path collision at _id")
        parsed.is_exclusion = False
        parsed.tree.put(names, part)
