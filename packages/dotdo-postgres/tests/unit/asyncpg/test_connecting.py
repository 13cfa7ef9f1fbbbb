"""asyncpg in memory: what its own client sees on a tenant of this process."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg as upstream
import pytest

from dotdo_postgres import asyncpg

DSN = "postgresql://ann:secret@db.example.com:6000/shop"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))


def test_rows_and_parameters_come_in_binary() -> None:
    async def run() -> Any:
        connection = await asyncpg.connect(DSN)
        try:
            return await connection.fetchrow("select $1::int + 1 as n, $2::text as t", 6, "é")
        finally:
            await connection.close()

    assert dict(asyncio.run(run())) == {"n": 7, "t": "é"}


def test_a_pool_shares_the_tenant() -> None:
    async def run() -> Any:
        async with asyncpg.create_pool(DSN, min_size=2, max_size=2) as pool:
            await pool.execute("create table item (id int primary key)")
            await pool.executemany("insert into item values ($1)", [(n,) for n in range(9)])
            return await asyncio.gather(*[pool.fetchval("select count(*) from item")] * 1)

    assert asyncio.run(run()) == [9]


def test_a_statement_that_takes_too_long_is_cancelled() -> None:
    async def run() -> Any:
        connection = await asyncpg.connect(DSN)
        try:
            with pytest.raises(asyncio.TimeoutError):
                await connection.fetchval("select pg_sleep(30)", timeout=0.05)
            return await connection.fetchval("select 5")
        finally:
            await connection.close()

    assert asyncio.run(run()) == 5


def test_an_unknown_moment_is_asyncpgs_error() -> None:
    async def run() -> None:
        with pytest.raises(upstream.InvalidCatalogNameError):
            await asyncpg.connect(database="shop@v9999", user="ann")

    asyncio.run(run())


def test_a_cursor_may_move_before_its_first_row_is_asked_for() -> None:
    async def run() -> Any:
        connection = await asyncpg.connect(DSN)
        try:
            async with connection.transaction():
                cursor = await connection.cursor("select generate_series(0, $1::int)", 100)
                moved = await cursor.forward(42)
                row = await cursor.fetchrow()
                rest = await cursor.fetch(3)
                return moved, row[0], [one[0] for one in rest]
        finally:
            await connection.close()

    assert asyncio.run(run()) == (42, 42, [43, 44, 45])
