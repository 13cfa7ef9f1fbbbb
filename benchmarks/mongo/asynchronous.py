"""AsyncMongoClient's hot calls against those of MongoClient on the same documents: what awaiting adds."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import dotdo_mongo
from benchmarks.harness import Comparison

COUNT = 500
DOCUMENTS = 10_000
NUMBERS = itertools.count(DOCUMENTS)


def customer(number: int) -> dict[str, Any]:
    """One customer."""
    return {"_id": number, "name": f"customer {number}", "age": number % 90, "tags": ["a", "b"]}


def benchmarks() -> Iterator[Comparison]:
    """Measure single documents."""
    with ExitStack() as stack:
        os.environ["DOTDO_HOME"] = stack.enter_context(tempfile.TemporaryDirectory())
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        client = stack.enter_context(dotdo_mongo.MongoClient())
        theirs: Any = client.shop.customers
        theirs.insert_many([customer(number) for number in range(DOCUMENTS)])

        async def opened() -> Any:
            return dotdo_mongo.AsyncMongoClient()

        other = loop.run_until_complete(opened())
        stack.callback(lambda: loop.run_until_complete(other.close()))
        ours = other.shop.customers

        def awaited(call: Callable[[], Awaitable[Any]]) -> Callable[[], object]:
            async def many() -> None:
                for _ in range(COUNT):
                    await call()

            return lambda: loop.run_until_complete(many())

        def times(call: Callable[[], object]) -> Callable[[], object]:
            def run() -> None:
                for _ in range(COUNT):
                    call()

            return run

        by_id = {"_id": DOCUMENTS // 2}
        change = {"$inc": {"age": 1}}
        calls: tuple[tuple[str, Callable[[Any], Any]], ...] = (
            ("find_one by _id", lambda collection: collection.find_one(by_id)),
            ("insert_one", lambda collection: collection.insert_one(customer(next(NUMBERS)))),
            ("update_one by _id", lambda collection: collection.update_one(by_id, change)),
        )
        for name, call in calls:
            yield Comparison(
                name=f"{name}, asyncio",
                ours=awaited(lambda call=call: call(ours)),  # type: ignore[misc]  # its default is bound
                peers={"MongoClient": times(lambda call=call: call(theirs))},  # type: ignore[misc]
                operations=COUNT,
                goal="<= 1.3",
            )
