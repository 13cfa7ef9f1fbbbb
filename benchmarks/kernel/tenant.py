"""Tenants: creating, opening and keeping many open, and reading one thing, beside bare apsw."""

import gc
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import apsw
import orjson

from benchmarks.harness import Comparison, Figure
from dotdo import Home, Tenant
from dotdo.tenancy import open_tenant

THINGS = 10_000
READS = 2_000
TENANTS = 10_000
OPEN = 512


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield the comparisons and figures."""
    yield from one_thing()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder, max_open=OPEN)
        yield Figure(
            name="create a tenant, p50",
            measure_once=lambda: created(home),
            unit="ms",
            goal="<= 0.5 ms",
        )
        yield Figure(
            name="open + first read, p50",
            measure_once=lambda: opened(folder),
            unit="ms",
            goal="<= 1.5 ms",
        )
        yield from many(home)
        home.close()


def one_thing() -> Iterator[Comparison]:
    """Yield reads by id of documents and of rows."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        tenant = filled(home)
        bare = apsw.Connection(str(Path(folder) / "t.db"))
        document = 'select _id, id, json(data), _visibility from "Doc" where id = ?'
        row = 'select _id, id, name, age from "Item" where id = ?'
        ids = [f"k{n * 7919 % THINGS}" for n in range(READS)]

        def our_documents() -> None:
            for key in ids:
                tenant.things.get("Doc", key)

        def bare_documents() -> None:
            for key in ids:
                _, _, text, _ = bare.execute(document, (key,)).fetchone()  # type: ignore[misc]  # found
                orjson.loads(str(text))

        def our_rows() -> None:
            for key in ids:
                tenant.things.get("Item", key)

        def bare_rows() -> None:
            for key in ids:
                _, *values = bare.execute(row, (key,)).fetchone()  # type: ignore[misc]  # found
                dict(zip(("id", "name", "age"), values, strict=True))

        yield Comparison(
            name="get by id, document",
            ours=our_documents,
            peers={"apsw + decode": bare_documents},
            operations=READS,
            goal="<= 4",
        )
        yield Comparison(
            name="get by id, columns",
            ours=our_rows,
            peers={"apsw + decode": bare_rows},
            operations=READS,
            goal="<= 4",
        )
        bare.close()
        home.close()


def filled(home: Home) -> Tenant:
    """Return a tenant with documents and rows."""
    tenant = open_tenant("t", home=home)
    tenant.things.create_many(
        "Doc", [{"id": f"k{n}", "name": f"n{n}", "age": n % 90} for n in range(THINGS)]
    )
    tenant.nouns.define("Item", {"id": "text", "name": "text", "age": "integer"})
    tenant.things.create_many(
        "Item", [{"id": f"k{n}", "name": f"n{n}", "age": n % 90} for n in range(THINGS)]
    )
    return tenant


def created(home: Home) -> float:
    """Return the median time of creating a tenant."""
    home.create("warm")
    return median_ms(lambda n: home.create(f"c{n}"), 500)


def opened(folder: str) -> float:
    """Return the median time of opening a tenant for the first time and reading a thing."""
    writer = Home(folder)
    for n in range(300):
        open_tenant(f"c{n}", home=writer).things.create("Doc", "a", name="x")
    writer.close()
    home = Home(folder)
    figure = median_ms(lambda n: open_tenant(f"c{n}", home=home).things.get("Doc", "a"), 300)
    home.close()
    return figure


def many(home: Home) -> Iterator[Figure]:
    """Yield figures of many tenants in one home."""
    before = descriptors()

    def touch_all() -> float:
        for n in range(TENANTS):
            open_tenant(f"m{n}", home=home)
        for n in range(TENANTS):
            tenant = open_tenant(f"m{n}", home=home, create=False)
            _ = tenant.version
        gc.collect()
        return float(descriptors() - before)

    yield Figure(
        name=f"descriptors after {TENANTS} tenants, {OPEN} kept open",
        measure_once=touch_all,
        unit="fds",
        goal=f"<= {OPEN * 3 + 16}",
    )
    yield Figure(
        name="memory of an open tenant",
        measure_once=lambda: in_fresh_process(home),
        unit="KiB",
        goal="<= 200 KiB",
    )


def in_fresh_process(home: Home) -> float:
    """Return the memory that each open tenant takes in a process that does nothing else."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(memory_kib, (str(home.path),))


def memory_kib(folder: str) -> float:
    """Return how much an open tenant adds to this process, a thing of each having been read."""
    home = Home(folder)
    tenants = [open_tenant("c0", home=home)]
    tenants[0].things.get("Doc", "a")
    before = resident_kib()
    for n in range(1, 300):
        tenants.append(open_tenant(f"c{n}", home=home))
        tenants[-1].things.get("Doc", "a")
    return (resident_kib() - before) / 299


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def resident_kib() -> float:
    """Return the memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024


def median_ms(action: Callable[[int], object], times: int) -> float:
    """Return the median time of a call that is given its number."""
    figures = []
    for n in range(times):
        started = time.perf_counter_ns()
        action(n)
        figures.append((time.perf_counter_ns() - started) / 1e6)
    return statistics.median(figures)
