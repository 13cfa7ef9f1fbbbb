"""What a connection does with commands, logins and faults."""

import contextlib

import redis

from dotdo.serving import Credentials


def test_a_real_client_sets_and_gets(serve) -> None:
    host, port = serve()
    with redis.Redis(host, port) as client:
        assert client.set("k", "v") is True
        assert client.get("k") == b"v"


def test_commands_of_one_read_are_answered_in_order(serve, raw) -> None:
    raw(serve()).ask(
        b"SET k 1\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\nFOO\r\n",
        b"+OK\r\n$1\r\n1\r\n+PONG\r\n-ERR unknown command 'FOO', with args beginning with: \r\n",
    )


def test_a_protocol_error_is_told_after_the_answers_before_it(serve, raw) -> None:
    client = raw(serve())
    client.ask(b"PING\r\n*1\r\nx\r\n", b"+PONG\r\n-ERR Protocol error: expected '$', got 'x'\r\n")
    assert client.at_end()


def test_nothing_is_answered_before_the_login(serve, raw) -> None:
    credentials = Credentials()
    credentials.set_password("ann", "secret", tenants="*")
    address = serve(credentials)
    raw(address).ask(b"GET k\r\n", b"-NOAUTH Authentication required.\r\n")
    raw(address).ask(
        b"AUTH ann wrong\r\n",
        b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
    )
    raw(address).ask(b"AUTH ann secret\r\nSET k 1\r\n", b"+OK\r\n+OK\r\n")


def test_a_login_may_name_a_tenant_that_is_granted(serve, raw) -> None:
    credentials = Credentials()
    credentials.set_password("ann", "secret", tenants=["default", "acme"])
    address = serve(credentials)
    raw(address).ask(b"AUTH ann+acme secret\r\nSET k 1\r\n", b"+OK\r\n+OK\r\n")
    raw(address).ask(b"AUTH ann+acme secret\r\nGET k\r\n", b"+OK\r\n$1\r\n1\r\n")
    raw(address).ask(b"AUTH ann secret\r\nGET k\r\n", b"+OK\r\n$-1\r\n")
    raw(address).ask(b"AUTH ann+other secret\r\n", b"-ERR permission denied for 'other'\r\n")


def test_an_invalidation_by_an_own_command_comes_behind_its_reply(serve, raw) -> None:
    client = raw(serve())
    client.ask(b"CLIENT TRACKING ON\r\n", b"+OK\r\n")
    client.socket.sendall(b"HELLO 3\r\n")
    assert b"proto" in client.socket.recv(4096)
    client.ask(
        b"GET k\r\nSET k 1\r\nPING\r\n",
        b"_\r\n+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n+PONG\r\n",
    )


def test_a_connection_beyond_maxclients_is_told_and_closed(serve, raw) -> None:
    address = serve()
    raw(address).ask(b"CONFIG SET maxclients 1\r\n", b"+OK\r\n")
    other = raw(address)
    other.ask(b"PING\r\n", b"-ERR max number of clients reached\r\n")
    assert other.at_end()


def test_an_answer_beyond_the_output_limit_ends_the_connection(serve, raw) -> None:
    address = serve()
    client, other = raw(address), raw(address)
    client.ask(b"CONFIG SET client-output-buffer-limit 'normal 100kb 0 0'\r\n", b"+OK\r\n")
    client.ask(b"SETRANGE k 200000 x\r\n", b":200001\r\n")
    other.ask(b"PING\r\n", b"+PONG\r\n")
    other.socket.sendall(b"GET k\r\n")
    assert other.at_end()
    client.ask(b"PING\r\n", b"+PONG\r\n")


def figures(client: redis.Redis) -> dict[str, float]:
    return {name: float(value) for name, value in client.info("stats").items()}


def test_info_counts_the_bytes_that_came_and_went(serve) -> None:
    host, port = serve()
    with redis.Redis(host, port) as client:
        client.ping()
        before = figures(client)
        client.set("k", "x" * 10_000)
        client.get("k")
        after = figures(client)
        assert 10_000 < after["total_net_input_bytes"] - before["total_net_input_bytes"] < 10_400
        grown = after["total_net_output_bytes"] - before["total_net_output_bytes"]
        assert 10_000 < grown < 20_000


def test_a_word_beyond_the_query_buffer_closes_the_connection(serve, raw) -> None:
    client = raw(serve())
    client.ask(b"CONFIG SET client-query-buffer-limit 1mb\r\n", b"+OK\r\n")
    client.ask(b"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n", b"$3\r\nabc\r\n")
    with contextlib.suppress(ConnectionError):
        client.socket.sendall(b"*2\r\n$4\r\nECHO\r\n$3000000\r\n" + b"x" * 2_000_000)
        assert client.at_end()
