"""Preparing a statement: found among the plans, and planned anew."""

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.harness import Figure
from benchmarks.postgres.chinook import best_us
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.engine.session import Session

HIT = "select name, price from item where id = $1"
MISSES = 50


def benchmarks() -> Iterator[Figure]:
    """Yield the figures."""
    with tempfile.TemporaryDirectory() as folder:
        tenant = open_tenant("bench", create=True, home=Home(str(Path(folder))))
        session = Session(tenant.store)
        create = "create table item (id int primary key, name text, price numeric(10, 2))"
        session.run(session.prepare(create))
        numbers = count()

        def hit() -> None:
            for _ in range(1000):
                session.prepare(HIT)

        def miss() -> None:
            for _ in range(MISSES):
                session.prepare(f"select name, price as p{next(numbers)} from item where id = $1")

        yield Figure(
            name="plan found", measure_once=lambda: best_us(hit, 1000), unit="us", goal="<= 2 us"
        )
        yield Figure(
            name="one-line statement planned",
            measure_once=lambda: best_us(miss, MISSES),
            unit="us",
            goal="<= 500 us",
        )
        session.close()
