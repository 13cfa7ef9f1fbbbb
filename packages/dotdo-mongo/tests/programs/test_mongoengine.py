"""A shop written with mongoengine: documents that refer to and embed each other, queries, updates, aggregation, files."""

import datetime as dt
from collections.abc import Iterator
from typing import ClassVar

import mongoengine as me
import pytest
from mongoengine.queryset.visitor import Q

from dotdo.tenancy import Home
from dotdo_mongo import MongoClient

JOINED = dt.datetime(2024, 1, 1)  # noqa: DTZ001  (as it comes back)


class Address(me.EmbeddedDocument):
    """Where a customer lives."""

    street = me.StringField(required=True)
    city = me.StringField()


class Customer(me.Document):
    """Who buys."""

    name = me.StringField(required=True, unique=True)
    age = me.IntField(min_value=0)
    tags = me.ListField(me.StringField())
    addresses = me.EmbeddedDocumentListField(Address)
    joined = me.DateTimeField(default=lambda: JOINED)
    meta: ClassVar = {"indexes": ["age", ("age", "-joined"), "tags"], "ordering": ["name"]}


class Order(me.Document):
    """What is bought."""

    customer = me.ReferenceField(Customer, reverse_delete_rule=me.CASCADE)
    total = me.DecimalField(precision=2)
    lines = me.ListField(me.DictField())
    note = me.StringField()


class Event(me.Document):
    """Kinds of events share a collection."""

    meta: ClassVar = {"allow_inheritance": True}
    at = me.IntField()


class Login(Event):
    """One kind."""

    user = me.StringField()


@pytest.fixture
def shop(home: Home) -> Iterator[None]:
    me.connect(
        "shop",
        mongo_client_class=lambda **options: MongoClient(home=home, **options),
        uuidRepresentation="standard",
    )
    yield
    me.disconnect_all()


@pytest.fixture
def customers(shop: None) -> list[Customer]:
    return [
        Customer(
            name=f"c{n}",
            age=20 + n,
            tags=["a", "b"] if n % 2 else ["b"],
            addresses=[Address(street=f"s{n}", city="Oslo" if n < 3 else "Rome")],
        ).save()
        for n in range(6)
    ]


def test_documents_are_saved_found_and_validated(customers: list[Customer]) -> None:
    found = Customer.objects.get(name="c1")
    assert found == customers[1]
    assert found.addresses[0].city == "Oslo"
    assert found.joined == JOINED
    with pytest.raises(me.NotUniqueError):
        Customer(name="c1").save()
    with pytest.raises(me.ValidationError):
        Customer(name="x", age=-1).save()
    with pytest.raises(Customer.DoesNotExist):
        Customer.objects.get(name="nobody")


def test_queries_by_every_kind_of_operator(customers: list[Customer]) -> None:
    names = lambda query: [each.name for each in query]  # noqa: E731
    assert names(Customer.objects(age__gte=24)) == ["c4", "c5"]
    assert names(Customer.objects(tags="a")) == ["c1", "c3", "c5"]
    assert names(Customer.objects(tags__all=["a", "b"])) == ["c1", "c3", "c5"]
    assert names(Customer.objects(tags__size=1)) == ["c0", "c2", "c4"]
    assert names(Customer.objects(addresses__city="Rome")) == ["c3", "c4", "c5"]
    assert names(Customer.objects(name__startswith="c", age__in=[20, 25])) == ["c0", "c5"]
    assert names(Customer.objects(Q(age=20) | Q(name__iexact="C5"))) == ["c0", "c5"]
    assert names(Customer.objects(age__ne=20).order_by("-age")[1:3]) == ["c4", "c3"]
    assert names(Customer.objects.only("name").exclude("tags").limit(1)) == ["c0"]
    assert Customer.objects(age__lt=22).count() == 2
    assert Customer.objects.distinct("tags") == ["a", "b"]
    assert Customer.objects(age__mod=(2, 1)).first().name == "c1"


def test_updates_on_the_server(customers: list[Customer]) -> None:
    assert Customer.objects(age__lt=22).update(inc__age=100, push__tags="old") == 2
    assert Customer.objects(age__gte=100).count() == 2
    Customer.objects(name="c5").update_one(set__addresses__0__city="Bonn", pull__tags="a")
    found = Customer.objects.get(name="c5")
    assert (found.addresses[0].city, found.tags) == ("Bonn", ["b"])
    changed = Customer.objects(name="c4").modify(set__age=1, new=True)
    assert changed.age == 1
    made = Customer.objects(name="new").upsert_one(set__age=7)
    assert made.age == 7
    found.name = "renamed"
    found.addresses.append(Address(street="t"))
    found.save()
    found.reload()
    assert [address.street for address in found.addresses] == ["s5", "t"]


def test_references_aggregation_and_deletion(customers: list[Customer]) -> None:
    for n, customer in enumerate(customers):
        Order(customer=customer, total=f"{n}.50", lines=[{"sku": "x", "n": n}]).save()
    order = Order.objects(customer=customers[2]).first()
    assert order.customer.name == "c2"
    assert str(order.total) == "2.50"
    assert Order.objects.sum("total") == pytest.approx(18.0)
    assert Customer.objects.average("age") == 22.5
    assert Customer.objects.item_frequencies("tags", map_reduce=True) == {"a": 3, "b": 6}
    cities = list(
        Customer.objects.aggregate(
            [
                {"$unwind": "$addresses"},
                {
                    "$group": {
                        "_id": "$addresses.city",
                        "n": {"$sum": 1},
                        "oldest": {"$max": "$age"},
                    }
                },
                {"$sort": {"_id": 1}},
            ]
        )
    )
    assert cities == [{"_id": "Oslo", "n": 3, "oldest": 22}, {"_id": "Rome", "n": 3, "oldest": 25}]
    joined = list(
        Order.objects.aggregate(
            [
                {
                    "$lookup": {
                        "from": "customer",
                        "localField": "customer",
                        "foreignField": "_id",
                        "as": "who",
                    }
                },
                {"$match": {"who.name": "c3"}},
            ]
        )
    )
    assert [len(each["who"]) for each in joined] == [1]
    customers[0].delete()
    assert Order.objects.count() == 5
    assert Customer.objects(age__gt=0).delete() == 5
    assert Order.objects.count() == 0


def test_kinds_share_a_collection(shop: None) -> None:
    Event(at=1).save()
    Login(at=2, user="ada").save()
    assert [type(each) for each in Event.objects.order_by("at")] == [Event, Login]
    assert Login.objects.count() == 1
    Event.ensure_indexes()
    assert "_cls_1" in Event._get_collection().index_information()
    assert len(Event.objects.insert([Event(at=n) for n in range(3)])) == 3
    assert Event.objects.as_pymongo().count() == 5
