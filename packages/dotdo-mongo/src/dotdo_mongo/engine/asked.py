"""What is asked of documents that other doors write: the collection's validator and unique indexes, as checks of the kernel."""

from functools import lru_cache
from typing import Any

from bson import json_util

from dotdo.registry import SqlFunction
from dotdo.registry import find_function as find_offered
from dotdo.storage import Check
from dotdo.storage.names import literal, quoted
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.indexes import keys_of, unique_indexes
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pushdown import exceptions_text, is_pushed, value_text
from dotdo_mongo.errors import CommandFailure
from dotdo_mongo.mapping.keys import identity_of
from dotdo_mongo.mapping.tags import from_json

Document = dict[str, Any]
VALIDATOR = "validator"
_JSON = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL, tz_aware=True, document_class=dict
)


def checks_of(collection: Collection) -> tuple[Check, ...]:
    """Return the checks of a collection's noun: its own, and those that stand for its validator and unique indexes."""
    noun = collection.noun
    if noun.layout != "document":
        return noun.checks
    if find_offered("mongo_is_valid") is None:  # not installed: others could not ask
        return ()
    found = []
    options = collection.options
    is_asked = options.get("validationAction") != "warn" and options.get("validationLevel") != "off"
    if options.get("validator") and is_asked:
        text = json_util.dumps(options["validator"], json_options=_JSON)
        sql = f"mongo_is_valid(new.id, json(new.data), {literal(text)})"
        found.append(Check(VALIDATOR, sql, text))
    keys = unique_indexes(collection.indexes)
    found += [Check(key["name"], _is_free(collection, key), is_unique=True) for key in keys]
    return tuple(found)


def _is_free(collection: Collection, index: Document) -> str:
    """Return the condition that no other document has a key of the new one in a unique index."""
    table = quoted(collection.noun.table)
    text = literal(json_util.dumps(index, json_options=_JSON))
    among = ""
    if is_pushed(index):
        paths = list(index["key"])
        same = " and ".join(f"{value_text(path)} is new.{value_text(path)}" for path in paths)
        apart = " or ".join(exceptions_text(path) for path in paths)
        unlike = _of_new(apart)
        among = (
            f" and o._id in (select _id from {table} where {same} union all select _id from {table}"
            f" where {apart} union all select _id from {table} where {unlike})"
        )
    shared = f"mongo_share_key(o.id, json(o.data), new.id, json(new.data), {text})"
    return f"not exists (select 1 from {table} o where o._id <> new._id{among} and {shared})"


def _of_new(condition: str) -> str:
    return condition.replace("json_type(data,", "json_type(new.data,").replace(
        "data ->> ", "new.data ->> "
    )


def _document(key: Any, text: str) -> Document:
    fields = from_json(text)
    return fields if "_id" in fields else {"_id": identity_of(key), **fields}


@lru_cache(maxsize=64)
def _matcher(validator: str) -> Any:
    return compile_match(json_util.loads(validator, json_options=_JSON), Context())


@lru_cache(maxsize=64)
def _index(text: str) -> Document:
    found: Document = json_util.loads(text, json_options=_JSON)
    return found


def _is_valid(key: Any, text: str, validator: str) -> int:
    return int(_matcher(validator)(_document(key, text)))


def _share_key(key: Any, text: str, new_key: Any, new_text: str, index: str) -> int:
    asked = _index(index)
    try:
        new = keys_of(_document(new_key, new_text), asked)
    except CommandFailure:  # parallel arrays: no key, which MongoDB would refuse as such
        return 1
    return int(not new.keys().isdisjoint(keys_of(_document(key, text), asked)))


_FUNCTIONS = {
    "mongo_is_valid": SqlFunction(_is_valid, 3),
    "mongo_share_key": SqlFunction(_share_key, 5),
}


def find_function(name: str) -> SqlFunction | None:
    """Return the function of that name; an entry point of `dotdo.functions`."""
    return _FUNCTIONS.get(name)
