"""The past beside the present, and branches beside copies of a file."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.harness import Comparison, Figure
from dotdo import Home, Tenant
from dotdo.tenancy import open_tenant

ROWS = 1_000_000
CHANGES = 100
READS = 500


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield the comparisons and figures."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        tenant = filled(home)
        seq = tenant.version
        for n in range(CHANGES):
            tenant.things.update(("Item", 1 + n * 9973 % ROWS), city=f"c{n % 1000}")
        yield Figure(
            name=f"open {CHANGES} changes back of {ROWS:,} rows, p50",
            measure_once=lambda: opened(tenant, seq),
            unit="ms",
            goal="<= 5 ms",
        )
        past = tenant.at(f"v{seq}")
        keys = [1 + n * 7919 % ROWS for n in range(READS)]

        def by_key(where: Tenant) -> None:
            for key in keys:
                where.things.get("Item", key)

        def by_index(where: Tenant) -> None:
            for key in keys[:100]:
                where.things.find("Item", {"city": f"c{key % 5000}"}, limit=20)

        yield Comparison(
            name="past, by key",
            ours=lambda: by_key(past),
            peers={"present": lambda: by_key(tenant)},
            operations=READS,
            goal="<= 1.5",
        )
        yield Comparison(
            name="past, by index, 20 rows",
            ours=lambda: by_index(past),
            peers={"present": lambda: by_index(tenant)},
            operations=100,
            goal="<= 2.5",
        )
        past.close()
        tenant.store.trim()
        yield branching(tenant, Path(folder))
        home.close()


def filled(home: Home) -> Tenant:
    """Return a tenant of more than 100 MB."""
    tenant = open_tenant("t", home=home)
    tenant.nouns.define(
        "Item", {"id": "bigint", "city": "text", "note": "text"}, key="id", index=["city"]
    )
    with tenant.transaction() as session:
        session.write(
            "insert into Item(id, city, note) with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)"
            " select i, 'c' || (i % 5000), 'a note of some length that fills its row, number ' || i from n",
            (ROWS,),
        )
    return tenant


def opened(tenant: Tenant, seq: int) -> float:
    """Return the median time to open the past and read one thing."""
    figures = []
    for back in range(20):
        started = time.perf_counter_ns()
        past = tenant.at(f"v{seq}") if back == 0 else tenant.at(f"~{CHANGES - back}")
        past.things.get("Item", 5)
        figures.append((time.perf_counter_ns() - started) / 1e6)
        past.close()
    return statistics.median(figures)


def branching(tenant: Tenant, folder: Path) -> Comparison:
    """Return the comparison of a branch with a copy of its file, made by the kernel without a flush."""
    number = count()
    with tenant.store.quiesced() as connection:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    source = folder / "t.db"
    made: list[Path] = []

    def branch() -> None:
        name = f"b{next(number)}"
        tenant.branch(name)
        made.append(folder / f"t@{name}.db")

    def copy() -> None:
        target = folder / f"copy{next(number)}"
        with source.open("rb") as reader, target.open("wb") as writer:
            left = source.stat().st_size
            while left > 0:
                left -= os.copy_file_range(reader.fileno(), writer.fileno(), left)
        made.append(target)

    def clear() -> None:
        while made:
            made.pop().unlink()

    megabytes = source.stat().st_size / 1e6
    return Comparison(
        name=f"branch of {megabytes:.0f} MB",
        ours=branch,
        peers={"copy_file_range": copy},
        rounds=7,
        goal="<= 1.3",
        prepare=clear,
    )
