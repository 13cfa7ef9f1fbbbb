"""A shop written with beanie, for asyncio: documents with links, queries, updates, aggregation, bulk writes, transactions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, ClassVar

import pytest
from beanie import BulkWriter, Document, Indexed, Link, WriteRules, init_beanie
from beanie.operators import In, Inc, Push, Set
from pydantic import BaseModel, Field
from pymongo import DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from dotdo.tenancy import Home
from dotdo_mongo import AsyncMongoClient


class Category(BaseModel):
    """What kind of thing."""

    name: str
    rank: int = 0


class Maker(Document):
    """Who makes things."""

    name: Annotated[str, Indexed(unique=True)]


class Product(Document):
    """What is sold."""

    name: str
    price: Annotated[float, Indexed()]
    category: Category
    tags: list[str] = Field(default_factory=list)
    maker: Link[Maker] | None = None

    class Settings:
        """Where it is kept."""

        name = "products"
        indexes: ClassVar = [IndexModel([("category.rank", DESCENDING), ("name", 1)])]


class Average(BaseModel):
    """Of one category."""

    id: str
    mean: float


def run(home: Home, work: Callable[[AsyncMongoClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with AsyncMongoClient(home=home) as client:
            await init_beanie(database=client.shop, document_models=[Maker, Product])
            await work(client)

    asyncio.run(main())


async def fill() -> None:
    for n in range(6):
        kind = Category(name="even" if n % 2 == 0 else "odd", rank=n)
        await Product(name=f"p{n}", price=n + 0.5, category=kind, tags=["t"]).insert()


def test_documents_are_found_changed_and_deleted(home: Home) -> None:
    async def work(_: AsyncMongoClient) -> None:
        await fill()
        assert await Product.count() == 6
        found = await Product.find_one(Product.name == "p3")
        assert found is not None
        assert found.category.name == "odd"
        cheap = await Product.find(Product.price < 3).sort(-Product.price).to_list()
        assert [each.name for each in cheap] == ["p2", "p1", "p0"]
        some = Product.find(In(Product.name, ["p1", "p5"]), Product.category.name == "odd")
        assert await some.count() == 2
        assert [each.name async for each in Product.find_all().skip(4).limit(2)] == ["p4", "p5"]
        await found.update(Inc({Product.price: 10}), Push({Product.tags: "new"}))
        assert (found.price, found.tags) == (13.5, ["t", "new"])
        await Product.find(Product.category.name == "even").update(Set({Product.price: 1.0}))
        assert await Product.find(Product.price == 1.0).count() == 3
        found.name = "renamed"
        await found.save()
        assert (await Product.get(found.id)).name == "renamed"
        await Product.find_one(Product.name == "new").upsert(
            Set({Product.price: 3.0}),
            on_insert=Product(name="new", price=2.0, category=Category(name="x")),
        )
        assert (await Product.find_one(Product.name == "new")).price == 2.0
        await found.delete()
        assert (await Product.find(Product.price > 0).delete()).deleted_count == 6

    run(home, work)


def test_aggregation_and_indexes(home: Home) -> None:
    async def work(client: AsyncMongoClient) -> None:
        await fill()
        means = await Product.aggregate(
            [
                {"$group": {"_id": "$category.name", "mean": {"$avg": "$price"}}},
                {"$project": {"id": "$_id", "mean": 1, "_id": 0}},
                {"$sort": {"id": 1}},
            ],
            projection_model=Average,
        ).to_list()
        assert means == [Average(id="even", mean=2.5), Average(id="odd", mean=3.5)]
        assert await Product.find(Product.price > 1).avg(Product.price) == 3.5
        assert await Product.distinct("category.name") == ["even", "odd"]
        names = await client.shop.products.index_information()
        assert set(names) == {"_id_", "price_1", "category.rank_-1_name_1"}

    run(home, work)


def test_links_are_followed(home: Home) -> None:
    async def work(_: AsyncMongoClient) -> None:
        maker = Maker(name="acme")
        product = Product(name="p", price=1, category=Category(name="c"), maker=maker)
        await product.save(link_rule=WriteRules.WRITE)
        found = await Product.find_one(Product.name == "p", fetch_links=True)
        assert found is not None
        assert found.maker.name == "acme"
        by_maker = await Product.find(Product.maker.name == "acme", fetch_links=True).to_list()
        assert len(by_maker) == 1
        lazy = await Product.find_one(Product.name == "p")
        await lazy.fetch_all_links()
        assert lazy.maker.name == "acme"
        with pytest.raises(DuplicateKeyError):
            await Maker(name="acme").insert()

    run(home, work)


def test_bulk_writes_and_transactions(home: Home) -> None:
    async def work(client: AsyncMongoClient) -> None:
        await Product.insert_many(
            [Product(name=f"p{n}", price=n, category=Category(name="c")) for n in range(250)]
        )
        async with BulkWriter() as writer:
            await Product.find_one(Product.name == "p1").update(
                Set({Product.price: 99.0}), bulk_writer=writer
            )
            await Product.find(Product.name == "p2").delete(bulk_writer=writer)
        assert (await Product.find_one(Product.name == "p1")).price == 99.0
        assert len(await Product.find_all().to_list()) == 249

        async with client.start_session() as session:
            async with await session.start_transaction():
                await Maker(name="in").insert(session=session)
                assert await Maker.find_all().count() == 0
            await session.start_transaction()
            await Maker(name="out").insert(session=session)
            await session.abort_transaction()
        assert [each.name for each in await Maker.find_all().to_list()] == ["in"]

    run(home, work)
