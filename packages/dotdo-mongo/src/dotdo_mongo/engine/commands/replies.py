"""Replies that carry a cursor: the first batch, and the rest kept for getMore."""

from collections.abc import Iterable
from typing import Any

from bson import Int64

from dotdo_mongo.engine.cursors import DEFAULT_BATCH, Cursor
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.streams.tokens import timestamp_of

Document = dict[str, Any]


def cursor_reply(
    request: Request, cursor: Cursor, batch_size: int | None, *, is_single: bool = False
) -> Document:
    """Return the first batch of a result; what is left is kept under a cursor's number.

    Args:
        request: The request.
        cursor: The result.
        batch_size: How many documents are wanted at most; 101 by default.
        is_single: There is to be no more than this batch.
    """
    size = DEFAULT_BATCH if batch_size is None else batch_size
    batch, is_over = cursor.next_batch(size)
    number = Int64(0)
    if is_single:
        cursor.close()
    elif not is_over and batch_size is None and not cursor.is_tailable and cursor.is_exhausted():
        pass
    elif not is_over or cursor.goes_on:
        number = keep(request, cursor)
    found: Document = {"firstBatch": batch, "id": number, "ns": cursor.namespace}
    if request.snapshot_us is not None:
        found["atClusterTime"] = timestamp_of(request.snapshot_us)
    if cursor.resume is not None:
        found["postBatchResumeToken"] = cursor.resume()
    return {"cursor": found}


def keep(request: Request, cursor: Cursor) -> Int64:
    """Keep a cursor for the session and transaction of a request; return its number."""
    if request.session is not None:
        cursor.lsid = request.session.lsid
    if request.transaction is not None:
        cursor.txn = request.transaction.number
    if request.deadline_us is not None and not cursor.is_tailable:
        cursor.left_us = request.deadline_us - request.deployment.clock()
    cursor.user = request.client.user
    cursor.comment = request.body.get("comment")
    cursor.operation = {k: v for k, v in request.body.items() if k not in {"lsid", "$clusterTime"}}
    return request.deployment.cursors.open(cursor)


def whole_reply(namespace: str, documents: Iterable[Document]) -> Cursor:
    """Return a result that is all there already."""
    return Cursor(namespace, iter(list(documents)))
