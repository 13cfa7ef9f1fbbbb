"""What may be changed in a time series: the meta field, of all that a query on the meta field finds."""

from collections.abc import Iterator, Mapping
from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]


def check_timeseries_update(collection: Collection, part: Document) -> None:
    """Refuse other updates.

    Raises:
        CommandFailure: The statement changes one document, upserts, replaces, is a pipeline, or names other fields
            than the meta field (code 72).
    """
    change, meta = part["u"], collection.options["timeseries"].get("metaField")
    if not part["multi"]:
        raise _refused("a non-multi update")
    if part["upsert"]:
        raise _refused("an upsert")
    if not isinstance(change, dict) or not next(iter(change), "").startswith("$"):
        raise _refused("an update that is not made of operators")
    named = [*_queried(part["q"]), *_changed(change)]
    if meta is None or any(path.partition(".")[0] != meta for path in named):
        raise _refused("an update of other fields than the metaField")


def _refused(what: str) -> CommandFailure:
    return failure(72, f"Cannot perform {what} on a time-series collection")


def _changed(change: Mapping[str, Any]) -> Iterator[str]:
    for name, paths in change.items():
        if isinstance(paths, Mapping):
            yield from paths
            if name == "$rename":
                yield from (target for target in paths.values() if type(target) is str)


def _queried(query: Mapping[str, Any]) -> Iterator[str]:
    for name, value in query.items():
        if name[:1] != "$":
            yield name
        elif isinstance(value, list):
            for one in value:
                yield from _queried(one) if isinstance(one, Mapping) else ()
