"""`related` over one, two and three hops beside the same joins written by hand."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import orjson

from benchmarks.harness import Comparison
from dotdo import Home, Tenant, Thing
from dotdo.tenancy import open_tenant

THINGS = 100_000
RELATIONSHIPS = 500_000
STARTS = 20


def benchmarks() -> Iterator[Comparison]:
    """Yield a comparison for each number of hops."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        tenant = filled(home)
        bare = apsw.Connection(str(Path(folder) / "t.db"))
        rng = random.Random(2)
        starts = [tenant.things.get("Person", f"p{rng.randrange(THINGS)}") for _ in range(STARTS)]
        noun = tenant.nouns.get("Person").id
        code = tenant.verbs.find("follows")[0].id * 4 + 3
        for hops in (1, 2, 3):
            yield comparison(tenant, bare, starts[: STARTS // hops**2 or 1], hops, (noun, code))
        bare.close()
        home.close()


def filled(home: Home) -> Tenant:
    """Return a tenant with people who follow each other."""
    tenant = open_tenant("t", home=home)
    tenant.things.create_many(
        "Person", [{"id": f"p{n}", "name": f"n{n}", "age": n % 90} for n in range(THINGS)]
    )
    a, b = tenant.things.get("Person", "p0"), tenant.things.get("Person", "p1")
    tenant.relationships.create(a, "follows", b)
    rng = random.Random(1)
    with tenant.transaction() as session:
        verb, noun = session.read("select verb, src_noun from _rel")[0]
        low, high = session.read('select min(_id), max(_id) from "Person"')[0]
        session.write_many(
            "insert into _rel(id, verb, src_noun, src, dst_noun, dst) values (?, ?, ?, ?, ?, ?)",
            [
                (10 + n, verb, noun, rng.randint(low, high), noun, rng.randint(low, high))
                for n in range(RELATIONSHIPS)
            ],
        )
    return tenant


def comparison(
    tenant: Tenant, bare: apsw.Connection, starts: list[Thing], hops: int, of: tuple[int, int]
) -> Comparison:
    """Return the comparison of paths of that many hops."""
    noun, code = of
    joins = "_rel r0" + "".join(
        f" join _rel r{i} on r{i}.verb = {code} and r{i}.src_noun = {noun} and r{i}.src = r{i - 1}.dst and r{i}.dst_noun = {noun}"
        for i in range(1, hops)
    )
    by_hand = (
        'select _id, id, json(data), _visibility from "Person" where _id in'
        f" (select r{hops - 1}.dst from {joins} where r0.verb = {code} and r0.src_noun = {noun} and r0.src = ? and r0.dst_noun = {noun}) order by _id"
    )
    path = ("follows",) * hops

    def ours() -> None:
        for start in starts:
            tenant.things.related(start, *path)

    def hand() -> None:
        for start in starts:
            for number, key, text, visibility in bare.execute(by_hand, (start.row,)):
                Thing("Person", key, int(str(number)), orjson.loads(str(text)), visibility)

    assert [t.id for t in tenant.things.related(starts[0], *path)] == [
        row[1] for row in bare.execute(by_hand, (starts[0].row,))
    ]
    return Comparison(
        name=f"related, {hops} hops",
        ours=ours,
        peers={"joins by hand": hand},
        operations=len(starts),
        rounds=10,
        goal="<= 1.5",
    )
