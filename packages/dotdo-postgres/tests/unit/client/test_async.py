"""Asynchronous connections: the same answers, and a wait for another transaction that leaves the loop alone."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import rows

import dotdo_postgres


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def opened(**options: Any) -> Any:
    return await dotdo_postgres.AsyncConnection.connect(
        "dbname=shop host=db.example.com", **options
    )


def test_statements_rows_and_transactions(table: Any) -> None:
    async def work() -> None:
        async with await opened() as connection:
            assert isinstance(connection, psycopg.AsyncConnection)
            cursor = connection.cursor(row_factory=rows.dict_row)
            await cursor.execute("select id, price from item order by id")
            assert await cursor.fetchone() == {"id": 1, "price": Decimal("1.50")}
            assert [row async for row in cursor] == [{"id": 2, "price": Decimal("20.00")}]
            async with connection.transaction():
                await connection.execute("delete from item where id = %s", (1,))
            await cursor.executemany("insert into item (id) values (%s)", [(3,), (4,)])
            assert cursor.rowcount == 2
            with pytest.raises(psycopg.errors.UniqueViolation):
                await cursor.execute("insert into item (id) values (3)")
            await connection.rollback()
            cursor = await connection.execute("select count(*) from item")
            assert await cursor.fetchall() == [(2,)]

    run(work())


def test_pipelines(table: Any) -> None:
    async def work() -> None:
        async with await opened(autocommit=True) as connection, connection.pipeline():
            first = await connection.execute("select 1")
            second = await connection.execute("select name from item where id = %s", (1,))
            assert await second.fetchone() == ("pen",)
            assert await first.fetchone() == (1,)

    run(work())


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize("way", ["short", "binary", "executemany"])
def test_waiting_for_a_row_leaves_the_loop_alone(table: Any, way: str, autocommit: bool) -> None:
    events: list[str] = []

    async def second() -> None:
        async with await opened(autocommit=autocommit) as connection:
            cursor = connection.cursor()
            query = "update item set name = name || %s where id = 1"
            events.append("second starts")
            if way == "executemany":
                await cursor.executemany(query, [("+second",)])
            else:
                await cursor.execute(query, ("+second",), binary=way == "binary")
            events.append("second has written")

    async def work() -> None:
        async with await opened() as first:
            await first.execute("update item set name = 'first' where id = 1")
            task = asyncio.create_task(second())
            for _ in range(5):
                await asyncio.sleep(0.01)
            events.append("first commits")
            await first.commit()
            await task

    run(work())
    assert events == ["second starts", "first commits", "second has written"]
    assert table.execute("select name from item where id = 1").fetchone() == ("first+second",)


def test_a_cancelled_wait_leaves_the_connection_usable(table: Any) -> None:
    async def work() -> None:
        async with await opened() as first, await opened(autocommit=True) as second:
            await first.execute("update item set name = 'first' where id = 1")
            for binary in (False, True):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(
                        second.execute("update item set name = 'x' where id = 1", binary=binary),
                        0.05,
                    )
                cursor = await second.execute("select 1")
                assert await cursor.fetchone() == (1,)
            await first.rollback()
            await second.execute("update item set name = 'x' where id = 1")

    run(work())
    assert table.execute("select name from item where id = 1").fetchone() == ("x",)


def test_many_tasks_take_turns(table: Any) -> None:
    async def add(number: int) -> None:
        async with await opened() as connection:
            cursor = await connection.execute("select price from item where id = 1 for update")
            (price,) = await cursor.fetchone()
            await asyncio.sleep(0)
            await connection.execute("update item set price = %s where id = 1", (price + 1,))

    async def work() -> None:
        await asyncio.gather(*(add(number) for number in range(8)))

    run(work())
    assert table.execute("select price from item where id = 1").fetchone() == (Decimal("9.50"),)


def test_asynchronous_pools(table: Any) -> None:
    pool = pytest.importorskip("psycopg_pool")

    async def work() -> None:
        async with (
            pool.AsyncConnectionPool(
                "dbname=shop",
                connection_class=dotdo_postgres.AsyncConnection,
                min_size=1,
                open=False,
            ) as connections,
            connections.connection() as connection,
        ):
            cursor = await connection.execute("select count(*) from item")
            assert await cursor.fetchone() == (2,)

    run(work())
