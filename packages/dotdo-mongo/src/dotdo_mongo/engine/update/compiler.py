"""Update documents of operators: read, checked together, and compiled to one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.match.positional import matched_index
from dotdo_mongo.engine.update.filters import parse_filters
from dotdo_mongo.engine.update.paths import (
    ORDER,
    Change,
    Positions,
    changed,
    check_conflicts,
    check_path,
    check_way,
)
from dotdo_mongo.engine.update.registry import OPERATORS
from dotdo_mongo.engine.values import MISSING, is_identical, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document
    from dotdo_mongo.engine.update.declare import Operator


@dataclass(slots=True, frozen=True)
class Step:
    """One change of one path."""

    names: tuple[str, ...]
    change: Change
    creates: bool
    needs_way: bool


class Operators:
    """An update of operators."""

    def __init__(
        self,
        update: Mapping[str, Any],
        array_filters: Sequence[Any],
        query: Document,
        context: Context,
        *,
        is_upsert: bool,
    ) -> None:
        self.context = context
        self.is_upsert = is_upsert
        self.filters = parse_filters(array_filters, context)
        self.used: set[str] = set()
        self.steps: list[Step] = []
        self.renames: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.paths: list[tuple[str, ...]] = []
        for name, fields in update.items():
            self._read(name, fields)
        check_conflicts(self.paths)
        for name in self.filters:
            if name not in self.used:
                raise failure(
                    9,
                    f"The array filter for identifier '{name}' was not used in the update {update}",
                )
        self.steps.sort(key=lambda step: ORDER(step.names))
        self.is_positional = any("$" in step.names for step in self.steps)
        self.index_of = self._position_finder(query)

    def _position_finder(self, query: Document) -> Callable[[Document], int | None]:
        if not self.is_positional:
            return lambda _: None
        return matched_index(query, self.context)

    def _read(self, name: str, fields: Any) -> None:
        if name != "$rename" and name not in OPERATORS:
            raise failure(
                9,
                f"Unknown modifier: {name}. Expected a valid update modifier or pipeline-style update specified as an array",
            )
        if not isinstance(fields, Mapping):
            raise failure(
                9,
                f"Modifiers operate on fields but we found type {type_name(fields)} instead. For example: {{$mod: {{<field>: ...}}}} not {{{name}: {fields}}}",
            )
        for path, argument in fields.items():
            if name == "$rename":
                self._rename(path, argument)
            else:
                self._step(OPERATORS[name], path, argument)

    def _step(self, operator: Operator, path: str, argument: Any) -> None:
        names = check_path(path, may_have_dollar=operator.on_insert_only)
        self._check_labels(names, path)
        change = operator.parse(argument, path, self.context)
        self.paths.append(names)
        if operator.on_insert_only and not self.is_upsert:
            return
        self.steps.append(Step(names, change, operator.creates, operator.needs_way))

    def _check_labels(self, names: tuple[str, ...], path: str) -> None:
        for name in names:
            if name.startswith("$["):
                label = name[2:-1]
                if label and label not in self.filters:
                    raise failure(
                        2, f"No array filter found for identifier '{label}' in path '{path}'"
                    )
                self.used.add(label)

    def _rename(self, path: str, target: Any) -> None:
        if type(target) is not str:
            raise failure(2, f"The 'to' field for $rename must be a string: {path}: {target}")
        if "\0" in target or "\0" in path:
            raise failure(
                9867600, "The 'to' field for $rename cannot contain an embedded null byte"
            )
        source, to = check_path(path), check_path(target)
        for names, text, what in ((source, path, "source"), (to, target, "destination")):
            if any(name == "$" or name.startswith("$[") for name in names):
                raise failure(2, f"The {what} field for $rename may not be dynamic: {text}")
        if source == to:
            raise failure(
                2, f'The source and target field for $rename must differ: {path}: "{target}"'
            )
        if source == to[: len(source)] or to == source[: len(to)]:
            raise failure(
                2,
                f'The source and target field for $rename must not be on the same path: {path}: "{target}"',
            )
        self.paths += [source, to]
        self.renames.append((source, to))

    def apply(self, document: Document) -> Document:
        """Return the document's new state, the same object when nothing changes."""
        positions = Positions(self.index_of(document), self.filters)
        if self.is_positional and positions.index is None:
            raise failure(
                2, "The positional operator did not find the match needed from the query."
            )
        found = document
        for source, to in self.renames:
            found = _renamed(found, source, to)
        for step in self.steps:
            if step.needs_way:
                check_way(found, step.names)
            found = changed(found, step.names, step.change, positions, creates=step.creates)
        if found is not document:
            check_id(document, found)
        return found


def _source_value(document: Any, names: tuple[str, ...]) -> Any:
    value = document
    for index, name in enumerate(names):
        if isinstance(value, list):
            raise failure(
                2,
                f"The source field cannot be an array element, '{'.'.join(names)}' in doc has an array field called '{names[index - 1]}'",
            )
        inner = as_document(value)
        if inner is None:
            if index < len(names) and value is not MISSING:
                raise failure(
                    28,
                    f"cannot use the part ({names[index - 1]} of {'.'.join(names)}) to traverse the element ({{{names[index - 1]}: {value}}})",
                )
            return MISSING
        value = inner.get(name, MISSING)
    return value


def _renamed(document: Document, source: tuple[str, ...], to: tuple[str, ...]) -> Document:
    value = _source_value(document, source)
    if value is MISSING:
        return document
    if to[0] == "_id":
        raise failure(
            66, "Performing an update on the path '_id' would modify the immutable field '_id'"
        )
    holder: Any = document
    for name in to[:-1]:
        holder = holder.get(name, MISSING) if isinstance(holder, Mapping) else MISSING
        if isinstance(holder, list):
            raise failure(
                2,
                f"The destination field cannot be an array element, '{'.'.join(to)}' in doc has an array field called '{name}'",
            )
    found = changed(document, source, lambda _: MISSING, Positions(), creates=False)
    return changed(found, to, lambda _: value, Positions(), creates=True)  # type: ignore[no-any-return]  # a document in, a document out


def check_id(old: Document, new: Document) -> None:
    """Refuse a change of _id. Code 66."""
    if "_id" not in old:
        return
    if "_id" not in new or not is_identical(old["_id"], new["_id"]):
        raise failure(
            66, "Performing an update on the path '_id' would modify the immutable field '_id'"
        )
