"""The protocol on the serving host, with the real driver."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import bson
import pymongo
import pytest
from pymongo.errors import ExecutionTimeout, OperationFailure

from dotdo.serving import (
    Credentials,
    Host,
    Mechanism,
    Services,
    TcpListener,
    self_signed,
    serve_in_thread,
    server_context,
)
from dotdo.tenancy import open_tenant
from dotdo_mongo.protocol.messages import op_msg
from dotdo_mongo.server import mongo_protocol


def served(home, credentials=None, tls=None) -> Iterator[int]:
    services = Services(
        lambda name: open_tenant(name, create=False, home=home), credentials=credentials, tls=tls
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


def test_a_peer_may_speak_in_tls_from_the_first_byte(home, tmp_path):
    certificate, key = self_signed(tmp_path)
    for port in served(home, tls=server_context(certificate, key)):
        with pymongo.MongoClient(
            "localhost", port, tls=True, tlsCAFile=str(certificate), serverSelectionTimeoutMS=3000
        ) as client:
            client.t.c.insert_one({"_id": 1, "text": "x" * 300_000})
            assert len(client.t.c.find_one()["text"]) == 300_000
        with pymongo.MongoClient("localhost", port, serverSelectionTimeoutMS=3000) as client:
            assert client.t.c.count_documents({}) == 1


@pytest.mark.parametrize("compressor", ["zlib", "snappy", "zstd"])
def test_messages_are_compressed_as_agreed(port, compressor):
    with pymongo.MongoClient("127.0.0.1", port, compressors=compressor) as client:
        client.t.c.insert_many([{"_id": n, "text": "abc" * 500} for n in range(200)])
        assert [d["_id"] for d in client.t.c.find(sort=[("_id", 1)])] == list(range(200))
        assert client.admin.command("hello", compression=[compressor])["compression"] == [
            compressor
        ]


def test_bulk_writes_wait_for_a_transaction_and_are_done_once(port):
    with pymongo.MongoClient("127.0.0.1", port) as client, client.start_session() as session:
        counters = client.t.c
        counters.insert_many([{"_id": n, "n": 0} for n in range(3)])
        session.start_transaction()
        counters.update_one({"_id": 1}, {"$inc": {"n": 10}}, session=session)
        ones = [pymongo.UpdateOne({"_id": n}, {"$inc": {"n": 1}}) for n in (0, 1, 2)]
        with ThreadPoolExecutor(2) as pool:
            plain = pool.submit(counters.bulk_write, ones)
            several = pool.submit(
                client.bulk_write,
                [
                    pymongo.UpdateOne({"_id": n}, {"$inc": {"n": 1}}, namespace="t.c")
                    for n in (0, 1)
                ],
            )
            with pytest.raises(TimeoutError):
                plain.result(0.3)
            session.commit_transaction()
            assert plain.result(10).modified_count == 3
            assert several.result(10).modified_count == 2
        assert [d["n"] for d in counters.find(sort=[("_id", 1)])] == [2, 12, 1]


def test_a_write_that_waits_gives_up_when_its_time_is_over(port):
    with pymongo.MongoClient("127.0.0.1", port) as client, client.start_session() as session:
        client.t.c.insert_one({"_id": 1})
        session.start_transaction()
        client.t.c.update_one({"_id": 1}, {"$set": {"a": 1}}, session=session)
        with pytest.raises(ExecutionTimeout):
            client.t.command(
                "update", "c", updates=[{"q": {"_id": 1}, "u": {"$set": {"a": 2}}}], maxTimeMS=200
            )


def test_transactions_on_other_documents_do_not_disturb_each_other(port):
    with pymongo.MongoClient("127.0.0.1", port) as client:
        client.t.c.insert_many([{"_id": 1}, {"_id": 2}])
        with client.start_session() as session:
            session.start_transaction()
            client.t.c.update_one({"_id": 1}, {"$set": {"new": 1}}, session=session)
            client.t.c.insert_one({"_id": 3, "field": 1}, session=session)
            client.t.c.insert_one({"_id": 4, "other": 1})
            client.t.c.update_one({"_id": 2}, {"$set": {"newer": 1}})
            session.abort_transaction()
        assert sorted(d["_id"] for d in client.t.c.find()) == [1, 2, 4]


def test_a_cursor_of_exhaust_is_sent_without_being_asked_for(port):
    with pymongo.MongoClient("127.0.0.1", port) as client:
        client.t.c.insert_many([{"_id": n} for n in range(500)])
        found = client.t.c.find(cursor_type=pymongo.CursorType.EXHAUST, batch_size=7)
        assert sum(1 for _ in found) == 500


def test_fail_points_are_there_for_tests_only(home, port):
    point = {"configureFailPoint": "failCommand", "mode": {"times": 1}}
    point["data"] = {"failCommands": ["insert"], "closeConnection": True}
    with pymongo.MongoClient("127.0.0.1", port) as client, pytest.raises(OperationFailure) as error:
        client.admin.command(point)
    assert error.value.code == 59
    services = Services(lambda name: open_tenant(name, create=False, home=home))
    protocol = mongo_protocol(home, may_create=True, has_test_commands=True)
    host = Host([TcpListener(protocol, port=0)], services)
    with (
        serve_in_thread(host),
        pymongo.MongoClient(*host.addresses[0], retryWrites=False) as client,
    ):
        client.admin.command(point)
        with pytest.raises(pymongo.errors.AutoReconnect):
            client.t.c.insert_one({})
        assert client.t.c.insert_one({}).acknowledged


def test_what_is_no_bson_is_told_and_the_connection_goes_on(port):
    def ask(line, data):
        line.sendall(data)
        head = line.recv(16, socket.MSG_WAITALL)
        rest = line.recv(int.from_bytes(head[:4], "little") - 16, socket.MSG_WAITALL)
        return bson.decode(rest[5:])

    good = bson.encode({"ping": 1, "$db": "t", "comment": "abcd"})
    deep: dict = {}
    for _ in range(250):
        deep = {"a": deep}
    with socket.create_connection(("127.0.0.1", port)) as line:
        bad = good.replace(b"abcd", b"a\xff\xfed")
        assert ask(line, op_msg(bad, 1, 0))["codeName"] == "InvalidBSON"
        nested = bson.encode({"insert": "c", "documents": [deep], "$db": "t"})
        assert ask(line, op_msg(nested, 2, 0))["code"] == 15
        assert ask(line, op_msg(good, 3, 0))["ok"] == 1.0
