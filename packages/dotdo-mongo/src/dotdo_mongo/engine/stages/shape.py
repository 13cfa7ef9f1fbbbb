"""Stages that change documents one by one: $project, $set, $unset, $replaceRoot, $redact, $unwind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bson import Int64

from dotdo_mongo.engine.expressions import Expr, expression
from dotdo_mongo.engine.expressions.compiler import DESCEND, KEEP, PRUNE
from dotdo_mongo.engine.fieldpath import as_document, check_name, split_path
from dotdo_mongo.engine.projection import compile_project
from dotdo_mongo.engine.projection.tree import Node, add_computed
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_document, each
from dotdo_mongo.engine.values import MISSING, type_name
from dotdo_mongo.errors import CommandFailure, failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document

FAMILY = Family("shape")


@FAMILY.stage("$project", in_update=True)
def project(argument: Any, place: Place) -> Run:
    """Keep, drop and compute fields. Code 15969 and those of projections."""
    spec = check_document(argument, 15969, "$project specification must be an object")
    return each(compile_project(spec, place.context))


def _computed_tree(spec: Mapping[str, Any], context: Context) -> Node:
    tree = Node()
    for name, value in spec.items():
        names = split_path(name)
        _put(tree, names, value, context)
    return tree


def _is_plain(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and next(iter(value))[:1] != "$"


def _put(tree: Node, names: tuple[str, ...], value: Any, context: Context) -> None:
    if _is_plain(value):
        for name, inner in value.items():
            if "." in name:
                raise failure(
                    40183, f"FieldPath field names may not contain '.' in $addFields: {name}"
                )
            _put(tree, (*names, check_name(name)), inner, context)
        return
    if isinstance(value, Mapping) and len(value) > 1:
        raise failure(
            40181, f"an object representing an expression must have exactly one field: {value}"
        )
    part = expression(value, context)
    try:
        tree.put(names, part)
    except CommandFailure as error:
        raise failure(40176, f"specification contains two conflicting paths: {error}") from error


@FAMILY.stage("$set", "$addFields", in_update=True)
def set_(argument: Any, place: Place) -> Run:
    """Compute fields, the others stay. Codes 40176, 40181, 40272."""
    spec = check_document(
        argument, 40272, "$addFields specification stage must be an object, got {}"
    )
    tree = _computed_tree(spec, place.context)
    return each(lambda document: add_computed(tree, dict(document), document))


@FAMILY.stage("$unset", in_update=True)
def unset(argument: Any, place: Place) -> Run:
    """Drop fields. Codes 9527900, 31002, 31119, 31120, 31249, 31250."""
    if type(argument) not in {str, list}:
        raise failure(31002, "$unset specification must be a string or an array")
    names = argument if isinstance(argument, list) else [argument]
    if not names:
        raise failure(
            31119, "$unset specification must be a string or an array with at least one field"
        )
    for name in names:
        if type(name) is not str:
            raise failure(
                31120,
                "$unset specification must be a string or an array containing only string values",
            )
    for name in names:
        if "\0" in name:
            raise failure(9527900, "$unset path cannot contain an embedded null byte")
    tree = Node()
    for name in names:
        tree.put(split_path(name), "drop")
    return each(compile_project(_as_spec(names), place.context))


def _as_spec(names: list[str]) -> dict[str, bool]:
    return dict.fromkeys(names, False)


def _replaced(part: Expr, stage: str) -> Run:
    def change(document: Document) -> Document:
        value = part.evaluate(document, {})
        found = as_document(value)
        if found is None:
            shown = "MISSING" if value is MISSING else value
            raise failure(
                40228,
                f"'{stage}' expression  must evaluate to an object, but resulting value was: {shown}. Type of resulting value: '{type_name(value)}'",
            )
        return dict(found)

    if part.is_constant:
        change({})
    return each(change)


@FAMILY.stage("$replaceRoot", in_update=True)
def replace_root(argument: Any, place: Place) -> Run:
    """Put a computed document in place of each. Codes 40228, 40229, 40231, 40415."""
    spec = check_document(
        argument, 40229, "expected an object as specification for $replaceRoot stage, got {}"
    )
    for name in spec:
        if name != "newRoot":
            raise failure(40415, f"BSON field '$replaceRoot.{name}' is an unknown field.")
    if "newRoot" not in spec:
        raise failure(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field")
    return _replaced(expression(spec["newRoot"], place.context), "newRoot")


@FAMILY.stage("$replaceWith", in_update=True)
def replace_with(argument: Any, place: Place) -> Run:
    """Put a computed document in place of each. Code 40228."""
    return _replaced(expression(argument, place.context), "replacement document")


class _Redaction:
    """Decides document by document, at every level."""

    def __init__(self, part: Expr) -> None:
        self.evaluate = part.evaluate

    def of(self, document: Any, root: Any) -> Any:
        decision = self.evaluate(document, {"ROOT": root})
        if decision == KEEP:
            return document
        if decision == PRUNE:
            return MISSING
        if decision != DESCEND:
            raise failure(
                17053,
                f"$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, but returned {decision}",
            )
        found = {}
        for name, value in document.items():
            inner = self._within(value, root)
            if inner is not MISSING:
                found[name] = inner
        return found

    def _within(self, value: Any, root: Any) -> Any:
        if isinstance(value, list):
            parts = [self._within(member, root) for member in value]
            return [part for part in parts if part is not MISSING]
        document = as_document(value)
        return value if document is None else self.of(document, root)


@FAMILY.stage("$redact")
def redact(argument: Any, place: Place) -> Run:
    """Keep, prune or descend into each level. Code 17053."""
    redaction = _Redaction(place.scope().defining("ROOT").compile(argument))

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            found = redaction.of(document, document)
            if found is not MISSING:
                yield found

    return run


def _unwind_spec(argument: Any) -> tuple[str, str | None, bool]:
    if type(argument) is str:
        return argument, None, False
    if not isinstance(argument, Mapping):
        raise failure(
            15981,
            f"expected either a string or an object as specification for $unwind stage, got {type_name(argument)}",
        )
    path, index, keeps = None, None, False
    for name, value in argument.items():
        if name == "path":
            if type(value) is not str:
                raise failure(
                    28808,
                    f"expected a string as the path for $unwind stage, got {type_name(value)}",
                )
            path = value
        elif name == "preserveNullAndEmptyArrays":
            if not isinstance(value, bool):
                raise failure(
                    28809,
                    f"expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got {type_name(value)}",
                )
            keeps = value
        elif name == "includeArrayIndex":
            index = _index_name(value)
        else:
            raise failure(28811, f"unrecognized option to $unwind stage: {name}")
    if path is None:
        raise failure(28812, "no path specified to $unwind stage")
    return path, index, keeps


def _index_name(value: Any) -> str:
    if type(value) is not str or not value:
        raise failure(
            28810,
            f"expected a non-empty string for the includeArrayIndex  option to $unwind stage, got {type_name(value)}",
        )
    if value[0] == "$":
        raise failure(
            28822,
            f"includeArrayIndex option to $unwind stage should not be prefixed with a '$': {value}",
        )
    return value


def with_value(document: Any, names: tuple[str, ...], value: Any) -> Document:
    """Return a document with a value at a path, objects made on the way; MISSING removes."""
    found = dict(document)
    name = names[0]
    if len(names) > 1:
        inner = as_document(found.get(name))
        if value is MISSING and inner is None:
            return found
        found[name] = with_value(inner or {}, names[1:], value)
    elif value is MISSING:
        found.pop(name, None)
    else:
        found[name] = value
    return found


class _Unwind:
    """Gives a document for each member of an array."""

    def __init__(self, names: tuple[str, ...], index: str | None, *, keeps: bool) -> None:
        self.names = names
        self.index = split_path(index) if index else None
        self.keeps = keeps

    def _one(self, document: Document, value: Any, place: int | None) -> Document:
        found = document if value is MISSING else with_value(document, self.names, value)
        if self.index:
            found = with_value(found, self.index, None if place is None else Int64(place))
        return found

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents; without keeping, those of no or an empty array are left out."""
        for document in documents:
            value = _plain_read(document, self.names)
            if isinstance(value, list) and value:
                for place, member in enumerate(value):
                    yield self._one(document, member, place)
            elif isinstance(value, list):
                if self.keeps:
                    yield self._one(with_value(document, self.names, MISSING), MISSING, None)
            elif (value is not MISSING and value is not None) or self.keeps:
                yield self._one(document, MISSING, None)


@FAMILY.stage("$unwind")
def unwind(argument: Any, place: Place) -> Run:
    """Give a document for each member of an array. Codes 15981, 28808 to 28822."""
    del place
    path, index, keeps = _unwind_spec(argument)
    if not path:
        raise failure(28812, "no path specified to $unwind stage")
    if path[0] != "$":
        raise failure(28818, f"path option to $unwind stage should be prefixed with a '$': {path}")
    if "\0" in path:
        raise failure(16419, "$unwind path cannot contain an embedded null byte")
    return _Unwind(split_path(path[1:]), index, keeps=keeps).run


def _plain_read(document: Any, names: tuple[str, ...]) -> Any:
    value = document
    for name in names:
        inner = as_document(value)
        if inner is None:
            return MISSING
        value = inner.get(name, MISSING)
    return value
