"""What find makes of a record: the document as stored, projected, its index key (returnKey), or with its row (showRecordId)."""

from collections.abc import Callable
from typing import Any

from bson import Int64
from bson.raw_bson import RawBSONDocument

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.fieldpath import read
from dotdo_mongo.engine.projection import compile_projection
from dotdo_mongo.engine.query import Plan
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.tables import Record
from dotdo_mongo.engine.values import MISSING

Document = dict[str, Any]
Item = Document | RawBSONDocument
Shape = Callable[[Record], Item]


def shape_of(request: Request, context: Context, way: Plan) -> Shape:
    """Return what makes the documents of a find command out of records."""
    arguments = request.arguments
    if arguments.get("returnKey"):
        return _index_key(way, dict(arguments.get("sort") or {}))
    shape = _projected(arguments, context)
    if not arguments.get("showRecordId"):
        return shape

    def with_row(record: Record) -> Item:
        return {**shape(record), "$recordId": Int64(record.row)}

    return with_row


def _projected(arguments: Document, context: Context) -> Shape:
    if not arguments["projection"]:
        return _as_stored
    project = compile_projection(arguments["projection"], context, arguments["filter"] or {})
    return lambda record: project(record.document)


def _as_stored(record: Record) -> Item:
    return record.reply()


def _index_key(way: Plan, sort: Document) -> Shape:
    """Return what gives the keys of the index that is read, nothing where none is."""
    paths = {path: tuple(path.split(".")) for path in _index_of(way, sort)}

    def key(record: Record) -> Document:
        found = {path: read(record.document, names) for path, names in paths.items()}
        return {path: _element(value) for path, value in found.items()}

    return key


def _element(value: Any) -> Any:
    if value is MISSING:
        return None
    return value[0] if isinstance(value, list) and value else value


def _index_of(way: Plan, sort: Document) -> Document:
    if way.index is not None:
        return dict(way.index["key"])
    if way.stage == "IDHACK":
        return {"_id": 1}
    sort.pop("$natural", None)
    wanted = list(sort.items())
    for index in way.collection.indexes if wanted else ():
        begin = list(index["key"].items())[: len(wanted)]
        if begin == wanted or begin == [(path, -way) for path, way in wanted if way in {1, -1}]:
            return dict(index["key"])
    return {}
