"""Documents whose time is over: deleted at most once a minute, before a request to their database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dotdo.storage import Session, Store
from dotdo_mongo.engine.collection import Collection, collection_of
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.pushdown import Bound, by_index, is_pushed
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.tables import EVERYTHING, Record

Document = dict[str, Any]
_EVERY_US = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expire(request: Request) -> None:
    """Delete what has expired in the request's database, when a minute has gone by since the last look."""
    settings, now = request.deployment.settings, request.now_us
    last = settings.setdefault(("ttl", request.db), now)
    if now - last < _EVERY_US or "@" in request.db:
        return
    settings["ttl", request.db] = now
    store = request.store()
    if store is None or store.is_read_only:
        return
    with request.lease(store) as session:
        session.refresh()
        found = [collection_of(session.catalog, noun) for noun in session.catalog.nouns]
    for collection in found:
        for path, seconds, index in _limits(collection):
            _delete(request, store, collection, path, (now // 1000 - int(seconds * 1000), index))


def is_due(deployment: Deployment, db: str) -> bool:
    """The next request to a database is to look for what has expired."""
    last: int | None = deployment.settings.get(("ttl", db))
    return last is None or deployment.clock() - last >= _EVERY_US


def has_limits(collection: Collection) -> bool:
    """Documents of it expire."""
    return bool(_limits(collection))


def _limits(collection: Collection) -> list[tuple[str, float, Document | None]]:
    """Return the paths whose dates limit a document's life, with the seconds after them."""
    found: list[tuple[str, float, Document | None]] = []
    for index in collection.indexes:
        seconds = index.get("expireAfterSeconds")
        if isinstance(seconds, (int, float)):
            found.append((next(iter(index["key"])), float(seconds), index))
    seconds = collection.options.get("expireAfterSeconds")
    if isinstance(seconds, (int, float)) and "timeseries" in collection.options:
        found.append((collection.options["timeseries"]["timeField"], float(seconds), None))
    elif isinstance(seconds, (int, float)) and collection.is_clustered:
        found.append(("_id", float(seconds), None))
    return found


def _delete(
    request: Request,
    store: Store,
    collection: Collection,
    path: str,
    limit: tuple[int, Document | None],
) -> None:
    before_ms, index = limit
    moment = _EPOCH + timedelta(milliseconds=before_ms)
    condition = EVERYTHING
    if index is not None and is_pushed(index) and collection.noun.layout == "document":
        stored = '{"$t":' + str(before_ms * 1000) + "}"
        condition = by_index(
            collection.table.table,
            index,
            {path: Bound("{0} <= ? and {0} >= '{{\"$t\":'", (stored,))},
        )

    def work(session: Session) -> None:
        for record in collection.table.scan(session, condition):
            if _is_over(record, path, moment):
                collection.table.delete(session, record)

    request.mutate(store, work)


def _is_over(record: Record, path: str, moment: datetime) -> bool:
    value: Any = record.document
    for part in split_path(path):
        value = value.get(part) if isinstance(value, dict) else None
    dates = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, datetime)]
    return bool(dates) and min(dates) <= moment
