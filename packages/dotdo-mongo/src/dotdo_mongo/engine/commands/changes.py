"""Commands that change what a collection is: collMod, convertToCapped, cloneCollectionAsCapped."""

from typing import Any

from dotdo.storage import Session
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection, collection_of, with_indexes, with_options
from dotdo_mongo.engine.commands.create_options import check_validator, check_view_pipeline
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    Declared,
    command,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.commands.indexes import check_documents
from dotdo_mongo.engine.definitions import change
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_SECONDS_MAX = (1 << 31) - 1
_MAX_CAPPED_BYTES = 1 << 50


def _expire(value: Any, where: str) -> Any:
    if type(value) is str:
        if value != "off":
            raise failure(72, f"BSON field '{where}' only accepts 'off' as text")
        return value
    return kinds.safe_long().check(value, where)


_COLL_MOD: Declared = {
    "index": kinds.OBJECT,
    "validator": kinds.OBJECT,
    "validationLevel": kinds.one_of("off", "strict", "moderate"),
    "validationAction": kinds.one_of("error", "warn", "errorAndLog"),
    "viewOn": kinds.STRING,
    "pipeline": kinds.PIPELINE,
    "recordPreImages": kinds.SAFE_BOOL,
    "changeStreamPreAndPostImages": kinds.OBJECT,
    "expireAfterSeconds": kinds.Kind(_expire),
    "timeseries": kinds.OBJECT,
    "dryRun": optional(kinds.SAFE_BOOL, False),
    "cappedSize": kinds.safe_long(1),
    "cappedMax": kinds.safe_long(None, _SECONDS_MAX),
    "isTimeseriesNamespace": kinds.SAFE_BOOL,
}
_IMAGES: Declared = {"enabled": required(kinds.BOOL)}
_INDEX: Declared = {
    "name": kinds.STRING,
    "keyPattern": kinds.OBJECT,
    "expireAfterSeconds": kinds.safe_long(),
    "hidden": kinds.SAFE_BOOL,
    "unique": kinds.SAFE_BOOL,
    "prepareUnique": kinds.SAFE_BOOL,
    "forceNonUnique": kinds.SAFE_BOOL,
}
_TIMESERIES: Declared = {
    "granularity": kinds.one_of("seconds", "minutes", "hours"),
    "bucketMaxSpanSeconds": kinds.safe_long(1, 31536000),
    "bucketRoundingSeconds": kinds.safe_long(1, 31536000),
}


@command(
    "collMod", _COLL_MOD, target=COLLECTION, takes_write_concern=True, is_in_api=True, is_write=True
)
def coll_mod(request: Request) -> Document:
    """Change options of a collection, a view or an index."""
    arguments = request.arguments
    name = request.collection_name
    parsed = (
        None
        if arguments["index"] is None
        else parse_part(_INDEX, arguments["index"], "collMod.index")
    )
    images = None
    if arguments["changeStreamPreAndPostImages"] is not None:
        images = parse_part(
            _IMAGES,
            arguments["changeStreamPreAndPostImages"],
            "collMod.changeStreamPreAndPostImages",
        )
    found = request.find(name)
    if found is None:
        raise failure(26, f"ns does not exist: {request.namespace}")
    store, collection = found
    options = dict(collection.options)
    if collection.is_view:
        _change_view(request, collection, options)
    else:
        _change_collection(request, collection, options, images)
    reply: Document = {}
    indexes = collection.indexes
    if parsed is not None:
        indexes = _change_index(collection, parsed, reply)
    made_unique = [
        new
        for old, new in zip(collection.indexes, indexes, strict=True)
        if _is_made_unique(old, new)
    ]
    if arguments["dryRun"] and not made_unique:
        raise failure(72, "'dryRun' is only allowed when an index is made unique")

    def work(session: Session) -> None:
        current = collection_of(session.catalog, session.catalog.by_id[collection.noun.id])
        try:
            check_documents(session, request.namespace, current, made_unique)
        except CommandFailure as error:
            text = "Cannot convert the index to unique. Please resolve conflicting documents before running collMod again."
            raise failure(359, text, **error.extra) from None
        if not arguments["dryRun"]:
            change(session, with_indexes(with_options(current, options), indexes))

    request.mutate(store, work)
    return reply


def _is_made_unique(old: Document, new: Document) -> bool:
    return bool(new.get("unique")) and not old.get("unique")


def _change_view(request: Request, collection: Collection, options: Document) -> None:
    arguments = request.arguments
    for name in _COLL_MOD:
        if name not in {"viewOn", "pipeline", "dryRun"} and arguments[name] is not None:
            raise failure(72, f"option not supported on a view: {name}")
    source, stages = arguments["viewOn"], arguments["pipeline"]
    if source is None and stages is None:
        return
    source = options["viewOn"] if source is None else source
    stages = options["pipeline"] if stages is None else stages
    if not source:
        raise failure(2, "'viewOn' cannot be empty")
    check_view_pipeline(stages)
    if source == collection.name:
        raise failure(165, f"View cycle detected: {request.namespace}")
    options["viewOn"], options["pipeline"] = source, stages


def _change_collection(  # noqa: C901  (one check after the other, in MongoDB's order)
    request: Request, collection: Collection, options: Document, images: Document | None
) -> None:
    arguments = request.arguments
    for name in ("viewOn", "pipeline"):
        if arguments[name] is not None:
            raise failure(72, f"option only supported on a view: {name}")
    if arguments["validator"] is not None:
        if collection.kind == "timeseries":
            raise failure(72, "option not supported on a time-series collection: validator")
        check_validator(request, arguments["validator"])
        options["validator"] = arguments["validator"]
    for name in ("validationLevel", "validationAction"):
        if arguments[name] is not None:
            if collection.kind == "timeseries":
                raise failure(72, f"option not supported on a time-series collection: {name}")
            options[name] = arguments[name]
    if images is not None:
        if collection.kind == "timeseries":
            raise failure(
                72, "option not supported on a time-series collection: changeStreamPreAndPostImages"
            )
        options.pop("changeStreamPreAndPostImages", None)
        if images["enabled"]:
            options["changeStreamPreAndPostImages"] = {"enabled": True}
    _change_cap(arguments, collection, options)
    _change_expiry(arguments, collection, options)
    if arguments["timeseries"] is not None:
        _change_buckets(arguments["timeseries"], collection, options)


def _change_cap(arguments: Document, collection: Collection, options: Document) -> None:
    size, most = arguments["cappedSize"], arguments["cappedMax"]
    if size is None and most is None:
        return
    if not collection.is_capped:
        raise failure(72, "Collection must be capped.")
    if size is not None:
        if size > _MAX_CAPPED_BYTES:
            raise failure(
                2,
                f"BSON field 'collMod.cappedSize' value must be <= {_MAX_CAPPED_BYTES}, actual value '{size}'",
            )
        options["size"] = size
    if most is not None:
        if most > 0:
            options["max"] = most
        else:
            options.pop("max", None)


def _change_expiry(arguments: Document, collection: Collection, options: Document) -> None:
    seconds = arguments["expireAfterSeconds"]
    if seconds is None:
        return
    if collection.kind != "timeseries" and not collection.is_clustered:
        raise failure(
            72,
            "'expireAfterSeconds' is only supported on time-series collections or clustered collections",
        )
    if seconds == "off":
        options.pop("expireAfterSeconds", None)
        return
    if not 0 <= seconds <= _SECONDS_MAX:
        raise failure(
            72,
            f"TTL index 'expireAfterSeconds' option must be within 0 and {_SECONDS_MAX}: {seconds}",
        )
    options["expireAfterSeconds"] = seconds


_ORDER = ("seconds", "minutes", "hours")
_SPANS = {"seconds": 3600, "minutes": 86400, "hours": 2592000}


def _change_buckets(given: Document, collection: Collection, options: Document) -> None:
    parsed = parse_part(_TIMESERIES, given, "collMod.timeseries")
    if collection.kind != "timeseries":
        raise failure(72, "option only supported on a time-series collection: timeseries")
    now = dict(options["timeseries"])
    granularity = parsed["granularity"]
    if granularity is not None:
        if (
            parsed["bucketMaxSpanSeconds"] is not None
            and parsed["bucketMaxSpanSeconds"] != _SPANS[granularity]
        ):
            raise failure(
                72,
                "Timeseries 'bucketMaxSpanSeconds' is not configurable to a value other than the default for the granularity",
            )
        if "granularity" in now and _ORDER.index(granularity) < _ORDER.index(now["granularity"]):
            raise failure(
                72,
                "Invalid transition for timeseries.granularity. Can only transition from 'seconds' to 'minutes' or 'minutes' to 'hours'.",
            )
        now["granularity"], now["bucketMaxSpanSeconds"] = granularity, _SPANS[granularity]
        now.pop("bucketRoundingSeconds", None)
    else:
        span, rounding = parsed["bucketMaxSpanSeconds"], parsed["bucketRoundingSeconds"]
        if span is None or rounding is None or span != rounding:
            raise failure(
                72,
                "'bucketMaxSpanSeconds' and 'bucketRoundingSeconds' must be set to the same value",
            )
        if span < now["bucketMaxSpanSeconds"]:
            raise failure(72, "'bucketMaxSpanSeconds' can only be increased")
        now.pop("granularity", None)
        now["bucketMaxSpanSeconds"] = now["bucketRoundingSeconds"] = span
    options["timeseries"] = now


def _change_index(
    collection: Collection, parsed: Document, reply: Document
) -> tuple[Document, ...]:
    if collection.is_view:
        raise failure(72, "option not supported on a view: index")
    name, pattern = parsed["name"], parsed["keyPattern"]
    if name is None and pattern is None:
        raise failure(72, "Must specify either index name or key pattern.")
    if name is not None and pattern is not None:
        raise failure(72, "Cannot specify both key pattern and name.")
    changes = {
        n: parsed[n]
        for n in ("expireAfterSeconds", "hidden", "unique", "prepareUnique")
        if parsed[n] is not None
    }
    if not changes and parsed["forceNonUnique"] is None:
        raise failure(72, "no expireAfterSeconds, hidden, unique, or prepareUnique field")
    seconds = changes.get("expireAfterSeconds")
    if seconds is not None and not 0 <= seconds <= _SECONDS_MAX:
        raise failure(
            72,
            f"TTL index 'expireAfterSeconds' option must be within 0 and {_SECONDS_MAX}: {seconds}",
        )
    if changes.get("unique") is False:
        raise failure(2, "The 'unique' option of collMod must be true")
    if changes.get("prepareUnique") is not None and len(changes) > 1:
        raise failure(72, "'prepareUnique' cannot be changed together with other options")
    at = _position(collection, name, pattern)
    index = dict(collection.indexes[at])
    if index["name"] == "_id_":
        _check_id_index(collection, changes)
    for key, value in changes.items():
        _set(index, key, value, reply)
    return (*collection.indexes[:at], index, *collection.indexes[at + 1 :])


def _check_id_index(collection: Collection, changes: Document) -> None:
    if collection.is_clustered:
        if "hidden" in changes:
            raise failure(6011800, "Cannot hide a clusteredIndex")
        raise failure(27, f"cannot find index {{ _id: 1 }} for ns {collection.name}")
    if changes:
        raise failure(2 if "hidden" in changes else 72, "cannot modify the _id index")


def _position(collection: Collection, name: str | None, pattern: Document | None) -> int:
    for i, index in enumerate(collection.indexes):
        if index["name"] == name or (
            pattern is not None and list(index["key"].items()) == list(pattern.items())
        ):
            return i
    shown = name if name is not None else pattern
    raise failure(27, f"cannot find index {shown} for ns {collection.name}")


def _set(index: Document, key: str, value: Any, reply: Document) -> None:
    old = index.get(key)
    if key == "expireAfterSeconds":
        if len(index["key"]) > 1:
            raise failure(
                72, "TTL indexes are single-field indexes, compound indexes do not support TTL"
            )
        if old is not None:
            reply["expireAfterSeconds_old"] = old
        reply["expireAfterSeconds_new"] = value
        index[key] = value
        return
    if bool(old) == bool(value):
        return
    if key == "hidden":
        reply["hidden_old"], reply["hidden_new"] = bool(old), bool(value)
    elif key == "unique":
        if not index.get("prepareUnique"):
            raise failure(
                72, "Cannot make index unique: it must be prepared by collMod with 'prepareUnique'"
            )
        index.pop("prepareUnique", None)
        reply["unique_new"] = True
    elif key == "prepareUnique":
        reply["prepareUnique_old"], reply["prepareUnique_new"] = bool(old), bool(value)
    if value:
        index[key] = True
    else:
        index.pop(key, None)


COMMANDS = (coll_mod,)
