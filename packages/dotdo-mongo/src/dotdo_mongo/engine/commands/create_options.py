"""Options of the create command, checked as MongoDB checks them and as listCollections shows them."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.collection import ID_INDEX
from dotdo_mongo.engine.commands.declaration import (
    Argument,
    Declared,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.commands.index_specs import index_spec
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.request import Request, checked_collection
from dotdo_mongo.engine.sources import SOURCES
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_MAX_CAPPED_BYTES = 1 << 50
_SECONDS_MAX = (1 << 31) - 1


def _expire(value: Any, where: str) -> Any:
    if type(value) is str:
        if value != "off":
            raise failure(14, f"BSON field '{where}' is the wrong type 'string'")
        return value
    return kinds.safe_long().check(value, where)


def _clustered(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        return value
    if isinstance(value, bool) or kinds.is_number(value):
        return bool(kinds.SAFE_BOOL.check(value, where))
    raise kinds.wrong_type(where, value, "bool, object, long, int, decimal, double")


CREATE: dict[str, Argument | kinds.Kind] = {
    "capped": optional(kinds.SAFE_BOOL, False),
    "autoIndexId": kinds.SAFE_BOOL,
    "idIndex": kinds.OBJECT,
    "size": kinds.safe_long(),
    "max": kinds.safe_long(),
    "storageEngine": kinds.OBJECT,
    "validator": kinds.OBJECT,
    "validationLevel": kinds.one_of("off", "strict", "moderate"),
    "validationAction": kinds.one_of("error", "warn", "errorAndLog"),
    "indexOptionDefaults": kinds.OBJECT,
    "viewOn": kinds.STRING,
    "pipeline": kinds.PIPELINE,
    "collation": kinds.OBJECT,
    "changeStreamPreAndPostImages": kinds.OBJECT,
    "timeseries": kinds.OBJECT,
    "clusteredIndex": kinds.Kind(_clustered, refuses_null=True),
    "expireAfterSeconds": kinds.Kind(_expire),
    "encryptedFields": kinds.OBJECT,
    "temp": kinds.SAFE_BOOL,
    "flags": kinds.LONG,
    "recordPreImages": kinds.BOOL,
    "recordIdsReplicated": kinds.BOOL,
}


def options_of(request: Request) -> tuple[str, Document, tuple[Document, ...]]:  # noqa: C901  (one check after the other, in MongoDB's order)
    """Return the kind, the options and the first indexes of a collection to be created."""
    arguments = request.arguments
    if arguments["clusteredIndex"] is not None:
        _check_clustered(arguments)
    if arguments["viewOn"] is not None:
        return "view", _view_options(request), ()
    if arguments["pipeline"] is not None:
        raise failure(72, "'pipeline' requires 'viewOn' to also be specified")
    options: Document = {}
    _add_cap(arguments, options)
    _add_validation(request, options)
    collation = None
    if arguments["collation"] is not None:
        collation = parse_collation(arguments["collation"])
        if collation is not None:
            options["collation"] = collation.spec
    _add_images(arguments, options)
    if arguments["storageEngine"]:
        options["storageEngine"] = arguments["storageEngine"]
    if arguments["indexOptionDefaults"]:
        options["indexOptionDefaults"] = arguments["indexOptionDefaults"]
    if arguments["idIndex"] is not None:
        _check_id_index(arguments, None if collation is None else collation.spec)
    kind = "collection"
    if arguments["timeseries"] is not None:
        kind = "timeseries"
        options["timeseries"] = _timeseries(arguments)
    elif arguments["clusteredIndex"]:
        options["clusteredIndex"] = _clustered_index(arguments["clusteredIndex"])
    _add_expiry(arguments, options)
    if kind == "timeseries":
        return kind, options, ()
    index = dict(ID_INDEX)
    if collation is not None:
        index["collation"] = collation.spec
    return kind, options, (index,)


def _add_cap(arguments: Document, options: Document) -> None:
    size, most = arguments["size"], arguments["max"]
    if most is not None and most > kinds.INT32_MAX:
        raise failure(2, "max in a capped collection has to be < 2^31 or not set")
    if not arguments["capped"]:
        if size is not None and not 1 <= size <= _MAX_CAPPED_BYTES:
            raise failure(2, f"BSON field 'create.size' value must be >= 1, actual value '{size}'")
        if size is not None or most is not None:
            raise failure(
                72,
                "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
            )
        return
    if size is None:
        raise failure(72, "the 'size' field is required when 'capped' is true")
    if not 1 <= size <= _MAX_CAPPED_BYTES:
        raise failure(2, f"BSON field 'create.size' value must be >= 1, actual value '{size}'")
    options["capped"] = True
    options["size"] = -(-size // 256) * 256
    if most is not None and most > 0:
        options["max"] = most


def _add_validation(request: Request, options: Document) -> None:
    arguments = request.arguments
    if arguments["validator"] is not None:
        check_validator(request, arguments["validator"])
        options["validator"] = arguments["validator"]
    for name in ("validationLevel", "validationAction"):
        if arguments[name] is not None:
            options[name] = arguments[name]


def check_validator(request: Request, validator: Document) -> None:
    """See that a filter may be a validator.

    Raises:
        CommandFailure: It is malformed, or the database has none (code 72).
    """
    if request.db in {"admin", "local", "config"}:
        raise failure(
            72,
            f"Document validators are not allowed on collection {request.collection_name} in the {request.db} database",
        )
    compile_match(validator, Context(features=frozenset({"validator"})))


_IMAGES: Declared = {"enabled": required(kinds.BOOL)}


def _add_images(arguments: Document, options: Document) -> None:
    if arguments["changeStreamPreAndPostImages"] is not None:
        parsed = parse_part(
            _IMAGES,
            arguments["changeStreamPreAndPostImages"],
            "create.changeStreamPreAndPostImages",
        )
        options["changeStreamPreAndPostImages"] = {"enabled": parsed["enabled"]}


_TIMESERIES: Declared = {
    "timeField": required(kinds.STRING),
    "metaField": kinds.STRING,
    "granularity": kinds.one_of("seconds", "minutes", "hours"),
    "bucketMaxSpanSeconds": kinds.safe_long(1, 31536000),
    "bucketRoundingSeconds": kinds.safe_long(1, 31536000),
}
_SPANS = {"seconds": 3600, "minutes": 86400, "hours": 2592000}


def _timeseries(arguments: Document) -> Document:
    given = parse_part(_TIMESERIES, arguments["timeseries"], "create.timeseries")
    for name in ("capped", "autoIndexId", "validator", "validationLevel", "validationAction"):
        if arguments[name]:
            raise failure(72, f"Time-series collection options are not allowed with '{name}'")
    if arguments["viewOn"] or arguments["changeStreamPreAndPostImages"]:
        raise failure(72, "Time-series collections cannot be views and have no pre-images")
    field, meta = given["timeField"], given["metaField"]
    if meta == "_id":
        raise failure(72, "The field 'metaField' cannot be '_id'")
    if meta == field:
        raise failure(72, "The field 'metaField' cannot be the same as the field 'timeField'")
    for name in (field, meta):
        if name is not None and ("." in name or "\0" in name):
            raise failure(72, "'timeField' and 'metaField' must be top-level fields")
        if name is not None and name.startswith("$"):
            raise failure(72, "'timeField' and 'metaField' must not begin with '$'")
    shown = {"timeField": field}
    if meta is not None:
        shown["metaField"] = meta
    return {**shown, **_buckets(given)}


def _buckets(given: Document) -> Document:
    span, rounding, granularity = (
        given[n] for n in ("bucketMaxSpanSeconds", "bucketRoundingSeconds", "granularity")
    )
    if span is None and rounding is None:
        name = granularity or "seconds"
        return {"granularity": name, "bucketMaxSpanSeconds": _SPANS[name]}
    if span is None or rounding is None or span != rounding:
        raise failure(
            72, "'bucketMaxSpanSeconds' and 'bucketRoundingSeconds' must be set to the same value"
        )
    if granularity is not None:
        raise failure(72, "Timeseries 'bucketMaxSpanSeconds' and 'granularity' cannot both be set")
    return {"bucketRoundingSeconds": rounding, "bucketMaxSpanSeconds": span}


_CLUSTERED: Declared = {
    "key": required(kinds.OBJECT),
    "unique": required(kinds.SAFE_BOOL),
    "name": kinds.STRING,
    "v": kinds.safe_long(),
}


def _check_clustered(arguments: Document) -> None:
    """See that what is said to be clustered, or not to be, is neither a view nor capped."""
    for name, code in (("viewOn", 6026500), ("capped", 6049200), ("max", 6049204)):
        if arguments[name]:
            raise failure(code, f"'{name}' is not allowed together with 'clusteredIndex'")


def _clustered_index(given: Any) -> Document:
    if given is True:
        raise failure(5979703, "The clusteredIndex option cannot be true: it is a document")
    parsed = parse_part(_CLUSTERED, given, "create.clusteredIndex")
    if not parsed["unique"]:
        raise failure(5979700, "The clusteredIndex option requires unique: true to be specified")
    key = parsed["key"]
    if list(key) != ["_id"] or sort_key(key["_id"]) != sort_key(1):
        raise failure(
            197, "The clusteredIndex option is not supported for key patterns other than { _id: 1 }"
        )
    version = parsed["v"]
    if version not in {None, 2}:
        raise failure(
            5979704, "The clusteredIndex option does not support an index version other than 2"
        )
    return {"v": 2, "key": {"_id": 1}, "name": parsed["name"] or "_id_", "unique": True}


def _add_expiry(arguments: Document, options: Document) -> None:
    seconds = arguments["expireAfterSeconds"]
    if seconds is None:
        return
    if "timeseries" not in options and "clusteredIndex" not in options:
        raise failure(
            72,
            "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
        )
    if isinstance(seconds, int) and not 0 <= seconds <= _SECONDS_MAX:
        raise failure(
            72,
            f"TTL index 'expireAfterSeconds' option must be within 0 and {_SECONDS_MAX}: {seconds}",
        )
    if seconds != "off":
        options["expireAfterSeconds"] = seconds


def _view_options(request: Request) -> Document:
    arguments = request.arguments
    for name in CREATE:
        if name not in {"viewOn", "pipeline", "collation"} and arguments[name]:
            raise failure(72, f"'{name}' is not allowed on a view")
    source = arguments["viewOn"]
    if not source:
        raise failure(2, "'viewOn' cannot be empty")
    checked_collection(request.db, source)
    stages = arguments["pipeline"] or []
    check_view_pipeline(stages)
    if source == request.collection_name:
        raise failure(165, f"View cycle detected: {request.namespace}")
    options: Document = {"viewOn": source, "pipeline": stages}
    if arguments["collation"] is not None:
        collation = parse_collation(arguments["collation"])
        if collation is not None:
            options["collation"] = collation.spec
    return options


_WITHOUT_COLLECTION = frozenset({"$documents", "$currentOp", "$listSessions", "$listLocalSessions"})


def check_view_pipeline(stages: list[Any]) -> None:
    """See that a pipeline may define a view.

    Raises:
        CommandFailure: It is malformed, or it writes or watches (code 167).
    """
    for stage in stages:
        kind = next(iter(stage), "")
        if kind == "$changeStream":
            raise failure(40573, "$changeStream cannot be used in a view definition")
        if kind in _WITHOUT_COLLECTION:
            raise failure(73, f"{kind} is not allowed in a view: it reads no collection")
        if kind in {"$out", "$merge"}:
            raise failure(167, f"The aggregation stage {kind} is not allowed in a view definition")
    special = dict.fromkeys(SOURCES, lambda *_: ())
    compile_pipeline(
        stages, Context(features=frozenset({"view"}), lookup=lambda *_: (), sources=special)
    )


_ID_INDEX = frozenset({"key", "name", "v", "ns", "collation"})


def _check_id_index(arguments: Document, collation: Document | None) -> None:
    given = arguments["idIndex"]
    for name in ("timeseries", "clusteredIndex"):
        if arguments[name]:
            raise failure(72, f"'{name}' is not allowed with 'idIndex'")
    for name in given:
        if name not in _ID_INDEX:
            raise failure(
                197,
                f"The field '{name}' is not valid for an _id index specification. Specification: {given}",
            )
    key = given.get("key")
    if isinstance(key, dict) and (list(key) != ["_id"] or key["_id"] != 1):
        raise failure(2, f"The field 'key' for an _id index must be {{_id: 1}}, but got {key}")
    index_spec(given, collation)
