"""The protocol on the serving host, with the real driver."""

from collections.abc import Iterator

import pymongo
import pytest
from pymongo.errors import OperationFailure

from dotdo.serving import Credentials, Host, Mechanism, Services, TcpListener, serve_in_thread
from dotdo.tenancy import open_tenant
from dotdo_mongo.server import mongo_protocol


def served(home, credentials=None) -> Iterator[int]:
    services = Services(
        lambda name: open_tenant(name, create=False, home=home), credentials=credentials
    )
    host = Host([TcpListener(mongo_protocol(home, may_create=True), port=0)], services)
    with serve_in_thread(host):
        yield host.addresses[0][1]


@pytest.fixture
def port(home):
    yield from served(home)


def test_a_driver_works_over_the_wire(port):
    with pymongo.MongoClient("127.0.0.1", port, compressors="zlib") as client:
        client.t.c.insert_many([{"_id": n} for n in range(1000)])
        assert sum(1 for _ in client.t.c.find(batch_size=10)) == 1000
        with client.t.c.watch(max_await_time_ms=2000) as stream:
            client.t.c.delete_one({"_id": 3})
            assert stream.next()["operationType"] == "delete"
        with client.start_session() as session:
            session.with_transaction(lambda s: client.t.c.insert_one({"_id": -1}, session=s))
        assert client.t.c.count_documents({}) == 1000


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_a_peer_proves_itself(home, mechanism):
    credentials = Credentials()
    credentials.set_password("ann", "secret", tenants=["t"], mechanisms=[Mechanism(mechanism)])
    for port in served(home, credentials):
        options = {"username": "ann", "authMechanism": mechanism, "serverSelectionTimeoutMS": 3000}
        with pymongo.MongoClient("127.0.0.1", port, password="secret", **options) as client:
            assert client.t.c.insert_one({"_id": 1}).acknowledged
            with pytest.raises(OperationFailure):
                client.other.c.find_one()
        with (
            pymongo.MongoClient("127.0.0.1", port, password="wrong", **options) as client,
            pytest.raises(OperationFailure),
        ):
            client.t.c.find_one()
        with pymongo.MongoClient("127.0.0.1", port) as client, pytest.raises(OperationFailure):
            client.t.c.find_one()
