"""The first rows of an order, found by SQL: by an index whose rows are of types that it orders, else by keys of their types."""

from collections.abc import Iterable, Mapping
from typing import Any

from dotdo.storage.names import literal
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.pushdown.bounds import exceptions_text, is_pushed, path_text, value_text
from dotdo_mongo.engine.pushdown.plain import ODD, rank_text
from dotdo_mongo.engine.pushdown.truth import Place, Truth, field, identity
from dotdo_mongo.engine.tables import Condition, DocumentTable, Params, Reader, Record

Document = dict[str, Any]
_MOST = 200
"""Up to so many documents are sorted themselves, of more only the numbers of their rows."""
_OIDS = ('{"$oid":"', '{"$oid":#')
_DATES = ('{"$t":1', '{"$t":=')
_TAGS = ('{"$', '{"%')


def in_order(
    collection: Collection,
    reader: Reader,
    condition: Condition,
    *,
    said: Truth,
    sort: Mapping[str, Any],
    limit: int | None,
) -> Iterable[Record] | None:
    """Return the records of an order, read as they are asked for; None when SQL cannot tell them.

    Args:
        collection: Whose.
        reader: Runs statements.
        condition: Leaves the rows that may match.
        said: Which of them do.
        sort: path -> 1 or -1.
        limit: How many are wanted; all by default.
    """
    table = collection.table
    ways = _ways(sort)
    if not isinstance(table, DocumentTable) or ways is None or limit == 0:
        return None
    found = _order(collection, reader, condition, said, ways)
    if found is None:
        return None
    order, certain, order_params = found
    if limit is not None and limit <= _MOST:
        rows = table.first(
            reader, condition, certain, order=order, limit=limit, order_params=order_params
        )
        return None if any(is_doubtful for _, is_doubtful in rows) else [row for row, _ in rows]
    numbers = table.numbers(
        reader, condition, certain, order=order, limit=limit or -1, order_params=order_params
    )
    if any(is_doubtful for _, is_doubtful in numbers):
        return None
    return table.at(reader, [number for number, _ in numbers])


def _order(
    collection: Collection,
    reader: Reader,
    condition: Condition,
    said: Truth,
    ways: list[tuple[str, bool]],
) -> tuple[str, tuple[str, Params], Params] | None:
    """Return ORDER BY terms, the condition of rows that they do order, and the parameters of the terms."""
    if not condition.sql:
        ordered = index_order(collection, reader, ways)
        if ordered is not None:
            return f"{ordered[1]}, _id", said.certain, ()
    terms, odd = [], []
    for path, is_down in ways:
        place = identity() if path == "_id" else field(path)
        if place is None:
            return None
        rank, way = rank_text(place), " desc" if is_down else ""
        terms += [f"{rank}{way}", f"{place.value}{way}"]
        odd.append(f"{rank} = {ODD}")
    doubt = " or ".join([f"not {said.certain.text}", *odd])
    params = said.certain.params
    return f"{doubt} desc, {', '.join(terms)}, _id", (f"not ({doubt})", params), params


def _ways(sort: Mapping[str, Any]) -> list[tuple[str, bool]] | None:
    found = []
    for path, way in sort.items():
        if type(way) is not int or way not in {1, -1}:
            return None
        found.append((path, way < 0))
    return found or None


def index_order(
    collection: Collection, reader: Reader, ways: list[tuple[str, bool]]
) -> tuple[Document, str] | None:
    """Return the index that has all rows in an order, with its terms; None when there is none."""
    table = collection.table.table
    if ways[0][0] == "_id":
        way = " desc" if ways[0][1] else ""
        is_ordered = _is_of_one_type(reader, table, "id") and not _found(reader, table, _QUOTED)
        return (collection.indexes[0], f"id{way}") if is_ordered and collection.indexes else None
    for index in collection.indexes:
        if not _begins(index, ways) or index.get("hidden") or not is_pushed(index):
            continue
        if index.get("sparse") or "partialFilterExpression" in index:
            continue
        if not all(_is_ordered(reader, table, path) for path, _ in ways):
            return None
        terms = (f"{value_text(path)}{' desc' if is_down else ''}" for path, is_down in ways)
        return index, ", ".join(terms)
    return None


def _begins(index: Document, ways: list[tuple[str, bool]]) -> bool:
    """An order is that of an index, of all its keys, read forward or backward."""
    keys = [(path, way < 0) for path, way in index["key"].items() if isinstance(way, (int, float))]
    return keys == ways or [(path, not is_down) for path, is_down in keys] == ways


def sorting_index(
    collection: Collection, reader: Reader, sort: Mapping[str, Any]
) -> Document | None:
    """Return the index in whose order all documents are read for a sort, None when they are sorted."""
    ways = _ways(sort)
    if ways is None or not isinstance(collection.table, DocumentTable):
        return None
    found = index_order(collection, reader, ways)
    return None if found is None else found[0]


def holds_arrays(collection: Collection, reader: Reader, index: Mapping[str, Any]) -> bool:
    """Return whether an array has made an index multikey, as far as it is one of plain values."""
    paths = list(index["key"])
    if not isinstance(collection.table, DocumentTable) or not is_pushed(dict(index)):
        return False
    others = " or ".join(exceptions_text(path) for path in paths)
    arrays = " or ".join(_arrays(path) for path in paths)
    return _found(reader, collection.table.table, f"({others}) and ({arrays})")


def _arrays(path: str) -> str:
    names = path.split(".")
    prefixes = [".".join(names[: n + 1]) for n in range(len(names))]
    return " or ".join(f"json_type(data, {path_text(prefix)}) = 'array'" for prefix in prefixes)


def _is_ordered(reader: Reader, table: str, path: str) -> bool:
    """Return whether the plain values of an index are all there are, and SQL orders them as BSON does."""
    value, place = value_text(path), field(path)
    assert place is not None
    return (
        not _found(reader, table, exceptions_text(path))
        and not _found(reader, table, f"{value} in (0, 1) and {_truths(place)}")
        and _is_of_one_type(reader, table, value)
    )


_QUOTED = "id in ('true', 'false', 'null') or id >= '\"' and id < '#' or id >= '[' and id < '\\'"


def _truths(place: Place) -> str:
    return f"{place.kind} in ('true', 'false')"


def _is_of_one_type(reader: Reader, table: str, value: str) -> bool:
    """Return whether an index's tagged values are of one type that it orders, and stand alone or after numbers only."""
    low, high = map(literal, _TAGS)
    if not _found(reader, table, f"{value} >= {low} and {value} < {high}"):
        return True
    if _found(reader, table, f"{value} >= '' and {value} < {low}"):
        return False
    if _found(reader, table, f"{value} >= {high}"):
        return False
    return any(
        not _found(reader, table, f"{value} >= {low} and {value} < {literal(first)}")
        and not _found(reader, table, f"{value} >= {literal(end)} and {value} < {high}")
        for first, end in (_OIDS, _DATES)
    )


def _found(reader: Reader, table: str, condition: str) -> bool:
    return bool(reader.read(f"select 1 from {table} where {condition} limit 1"))
