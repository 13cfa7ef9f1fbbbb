import asyncio
import contextlib
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dotdo.serving import CloseReason, Credentials


def test_a_request_is_answered(serve):
    assert serve().connect().ask("ECHO hello") == "hello"


def test_a_request_in_pieces_is_answered_once_it_is_whole(serve):
    client = serve().connect()
    for piece in (b"EC", b"HO a", b"b", b"\nECHO c\nEC"):
        client.sock.sendall(piece)
    assert [client.line(), client.line()] == ["ab", "c"]


class RecordingTransport(asyncio.Transport):
    """Keeps each write apart."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        pass

    def is_closing(self) -> bool:
        return False


def test_pipelined_requests_of_one_read_are_answered_by_one_write(serve):
    serving = serve()

    def receive_all() -> list[bytes]:
        connection = serving.host._factory(serving.protocol, is_tls_first=False)()
        transport = RecordingTransport()
        connection.connection_made(transport)
        connection.data_received(b"".join(b"ECHO %d\n" % n for n in range(100)))
        connection.connection_lost(None)
        return transport.writes

    assert serving.count(receive_all) == [b"".join(b"%d\n" % n for n in range(100))]


def test_what_was_held_back_is_answered_by_one_write(serve):
    serving = serve()
    connection = serving.count(serving.host._factory(serving.protocol, is_tls_first=False))
    transport = RecordingTransport()

    def suspend() -> None:
        connection.connection_made(transport)
        connection.data_received(b"ECHO a\nGATE g\nECHO b\n")
        connection.data_received(b"ECHO c\n")
        connection.data_received(b"ECHO d\n")

    serving.count(suspend)
    serving.hub.open_gate("g")
    serving.wait_until(lambda: len(transport.writes) == 2)
    serving.count(lambda: connection.connection_lost(None))
    assert transport.writes == [b"a\n", b"OPEN g\nb\nc\nd\n"]


def test_requests_after_a_suspended_one_wait_their_turn(serve):
    serving = serve()
    client, other = serving.connect(), serving.connect()
    client.send("ECHO before", "GATE g", "ECHO after")
    assert client.line() == "before"
    client.send("ECHO later")
    serving.wait_until(lambda: bool(serving.hub.gates))
    assert other.ask("OPEN g") == "OK"
    assert [client.line() for _ in range(3)] == ["OPEN g", "after", "later"]


def test_a_wait_that_is_over_before_it_begins_is_resumed(serve):
    serving = serve()
    client = serving.connect()
    client.send("GATE g", "GATE g")
    serving.wait_until(lambda: "g" in serving.hub.gates)
    serving.hub.open_gate("g")  # from this thread, not the loop's
    assert client.line() == "OPEN g"
    serving.wait_until(lambda: "g" in serving.hub.gates)
    serving.hub.open_gate("g")
    assert client.line() == "OPEN g"


def test_a_wait_with_a_timeout_is_resumed_when_time_is_out(serve):
    client = serve().connect()
    assert client.ask("GATE g 20", "ECHO on") == ["TIMEOUT", "on"]


def test_a_waiter_done_after_its_timeout_resumes_nothing(serve):
    serving = serve()
    client = serving.connect()
    assert client.ask("GATE g 10") == "TIMEOUT"
    client.send("GATE h")
    serving.wait_until(lambda: "h" in serving.hub.gates)
    serving.hub.open_gate("g")
    serving.hub.open_gate("h")
    assert client.line() == "OPEN h"


def test_work_runs_in_a_worker_thread_and_others_are_served_meanwhile(serve):
    serving = serve()
    client, other = serving.connect(), serving.connect()
    assert client.ask("WORK abc") == "cba dotdo-serving"
    client.send("HOLD", "ECHO after")
    assert serving.hub.work_started.wait(10)
    assert other.ask("ECHO meanwhile") == "meanwhile"
    serving.hub.release_work.set()
    assert [client.line(), client.line()] == ["DONE", "after"]


def test_input_beyond_the_bound_is_left_in_the_socket_while_suspended(serve):
    serving = serve(max_held_bytes=4096)
    client = serving.connect()
    client.send("GATE g")
    serving.wait_until(lambda: bool(serving.hub.gates))
    flood = b"ECHO " + b"z" * 1018 + b"\n"  # 1 KiB
    sender = threading.Thread(target=client.sock.sendall, args=(flood * 20_000,))
    sender.start()
    (connection,) = serving.host._roster
    serving.wait_until(lambda: not connection._wire._is_reading)
    assert serving.count(lambda: connection._agenda.held_bytes) < 1 << 20
    serving.hub.open_gate("g")
    assert client.line() == "OPEN g"
    assert all(client.line() == "z" * 1018 for _ in range(20_000))
    sender.join()


def test_a_push_arrives_between_replies_and_coalesced(serve):
    serving = serve()
    listener, sender = serving.connect(), serving.connect()
    assert listener.ask("SUBSCRIBE news") == "OK"
    assert sender.ask(*[f"PUSH news {n}" for n in range(50)]) == ["OK"] * 50
    assert [listener.line() for _ in range(50)] == [f"PUSH {n}" for n in range(50)]
    assert listener.ask("ECHO still here") == "still here"


def test_pushes_from_many_threads_all_arrive(serve):
    serving = serve()
    listener = serving.connect()
    assert listener.ask("SUBSCRIBE news") == "OK"
    channel = serving.hub.subscribers["news"].context.channel

    def publish(thread: int) -> None:
        for n in range(200):
            channel.push(b"%d %d\n" % (thread, n))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(publish, range(8)))
    received = [tuple(map(int, listener.line().split())) for _ in range(1600)]
    assert sorted(received) == [(t, n) for t in range(8) for n in range(200)]
    for thread in range(8):
        assert [n for t, n in received if t == thread] == list(range(200))


def test_a_push_reaches_a_suspended_session_and_a_wake_only_after_it(serve):
    serving = serve()
    listener, other = serving.connect(), serving.connect()
    assert listener.ask("SUBSCRIBE me") == "OK"
    listener.send("GATE g")
    serving.wait_until(lambda: bool(serving.hub.gates))
    assert other.ask("NOTIFY me late", "PUSH me early") == ["OK", "OK"]
    assert listener.line() == "PUSH early"
    assert other.ask("OPEN g") == "OK"
    assert [listener.line(), listener.line()] == ["OPEN g", "NOTICE late"]


def test_a_session_can_wake_itself_later(serve):
    client = serve().connect()
    assert client.ask("ALARM 10") == "OK"
    assert client.line() == "ALARM"


def test_a_subscriber_that_does_not_read_is_disconnected(serve):
    serving = serve(max_output_bytes=1 << 20)
    listener, sender = serving.connect(), serving.connect()
    assert listener.ask("SUBSCRIBE news") == "OK"
    text = "n" * 60_000
    while sender.ask(f"PUSH news {text}") == "OK":
        pass  # until the subscriber is gone
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.SLOW_READER] == 1)
    assert sender.ask("ECHO fine") == "fine"


def test_a_burst_of_pushes_beyond_the_bound_is_not_kept(serve):
    serving = serve(max_output_bytes=1 << 20)
    listener = serving.connect()
    assert listener.ask("SUBSCRIBE news") == "OK"
    channel = serving.hub.subscribers["news"].context.channel
    serving.count(lambda: [channel.push(b"n" * 60_000) for _ in range(100)])
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.SLOW_READER] == 1)


def test_a_peer_that_does_not_read_its_answers_is_disconnected(serve):
    serving = serve(write_timeout_s=0.2)
    client, other = serving.connect(), serving.connect()
    client.send(*["BIG 1000000"] * 20)
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.SLOW_READER] == 1)
    assert other.ask("ECHO fine") == "fine"


def test_a_peer_that_reads_slowly_gets_everything(serve):
    serving = serve(output_high_water_bytes=1 << 16)
    client = serving.connect()
    client.send(*["BIG 500000"] * 10, "ECHO end")
    assert [len(client.line()) for _ in range(10)] == [500_000] * 10
    assert client.line() == "end"


def test_a_long_answer_is_made_only_as_fast_as_it_is_read(serve):
    serving = serve(output_high_water_bytes=1 << 16)
    client = serving.connect()
    assert client.ask("ECHO on") == "on"
    (connection,) = serving.host._roster
    client.send("STREAM 400")
    serving.wait_until(lambda: connection._is_write_paused)
    assert serving.count(lambda: connection._wire.unsent_bytes) <= 1 << 18
    assert sum(len(client.line()) for _ in range(400)) == 400 * 65535
    assert client.line() == "END"


def test_an_oversize_message_is_answered_although_the_peer_is_still_sending(serve):
    serving = serve(max_message_bytes=1000)
    client, other = serving.connect(), serving.connect()
    client.sock.sendall(b"ECHO before\nECHO " + b"x" * 500_000)
    assert client.rest() == b"before\nERR line too long\n"
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.OVERSIZE] == 1)
    assert other.ask("ECHO fine") == "fine"


def test_an_unauthenticated_peer_cannot_fill_memory(serve, credentials: Credentials):
    serving = serve(credentials=credentials, max_handshake_bytes=2000)
    client = serving.connect()
    client.sock.sendall(b"AUTH " + b"x" * 3000)
    assert client.rest() == b"BYE oversize\n"


def test_a_slow_handshake_is_ended(serve, credentials: Credentials):
    serving = serve(credentials=credentials, handshake_timeout_s=0.2)
    client = serving.connect()
    client.sock.sendall(b"A")
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            client.sock.sendall(b"x")

    dripping = threading.Thread(target=_ignoring_errors, args=(drip,))
    dripping.start()
    assert client.rest().startswith(b"BYE handshake_timeout\n")
    stop.set()
    dripping.join()
    client.close()
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.HANDSHAKE_TIMEOUT] == 1)


def _ignoring_errors(call) -> None:
    with contextlib.suppress(OSError):
        call()


def test_an_idle_peer_is_ended_and_a_waiting_or_subscribed_one_is_not(serve):
    serving = serve(idle_timeout_s=0.15)
    idle, waiting, subscribed = (serving.connect() for _ in range(3))
    waiting.send("GATE g")
    assert subscribed.ask("SUBSCRIBE news") == "OK"
    assert idle.rest() == b"BYE idle_timeout\n"
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.IDLE_TIMEOUT] == 1)
    serving.hub.open_gate("g")
    assert waiting.line() == "OPEN g"
    assert subscribed.ask("ECHO here") == "here"


def test_too_many_connections_are_refused_and_room_is_made_when_one_ends(serve):
    serving = serve(max_connections=2)
    first, second = serving.connect(), serving.connect()
    assert [first.ask("ECHO 1"), second.ask("ECHO 2")] == ["1", "2"]
    third = serving.connect()
    third.send("ECHO 3")
    assert third.rest() == b"REFUSED too_many_connections\n"
    assert serving.metrics.refused[CloseReason.TOO_MANY_CONNECTIONS] == 1
    first.close()
    serving.wait_until(lambda: serving.metrics.open_connections == 1)
    assert serving.connect().ask("ECHO 4") == "4"


def test_too_many_connections_of_one_peer_are_refused(serve):
    serving = serve(max_connections_per_peer=1)
    assert serving.connect().ask("ECHO 1") == "1"
    assert serving.connect().rest() == b"REFUSED too_many_from_peer\n"


def test_a_flood_of_refused_peers_is_bounded(serve):
    serving = serve(max_connections=1, linger_s=5)
    assert serving.connect().ask("ECHO 1") == "1"
    for _ in range(200):
        serving.connect()
    serving.wait_until(
        lambda: sum(serving.metrics.refused.values()) == 200 and serving.host.connections < 80
    )


def test_cancel_by_key_ends_a_wait_and_a_call(serve):
    serving = serve()
    client = serving.connect()
    key = client.ask("KEY")
    client.send("GATE g")
    serving.wait_until(lambda: bool(serving.hub.gates))
    assert serving.connect().ask(f"CANCEL {key}") == "OK"
    assert client.line() == "CANCELLED"
    client.send("HOLD", "ECHO after")
    assert serving.hub.work_started.wait(10)
    assert serving.connect().ask(f"CANCEL {key}") == "OK"
    assert [client.line(), client.line()] == ["CANCELLED", "after"]


def test_a_wrong_key_cancels_nothing(serve):
    serving = serve()
    client = serving.connect()
    number, secret = client.ask("KEY").split()
    client.send("GATE g")
    serving.wait_until(lambda: bool(serving.hub.gates))
    for key in (f"{number} {'00' * 8}", f"{number} {secret[:-2]}", f"{int(number) + 1} {secret}"):
        assert serving.connect().ask(f"CANCEL {key}") == "NO"
    serving.hub.open_gate("g")
    assert client.line() == "OPEN g"


def test_a_key_dies_with_its_connection(serve):
    serving = serve()
    client = serving.connect()
    key = client.ask("KEY")
    assert client.ask("QUIT") == "BYE"
    client.close()
    serving.wait_until(lambda: serving.metrics.open_connections == 0)
    assert serving.connect().ask(f"CANCEL {key}") == "NO"


def test_a_session_ends_another(serve):
    serving = serve()
    victim, other = serving.connect(), serving.connect()
    assert victim.ask("SUBSCRIBE victim") == "OK"
    assert other.ask("KILL victim") == "OK"
    assert victim.rest() == b"BYE terminated\n"


def test_a_fault_ends_one_connection_and_logs_no_payload(serve, caplog):
    serving = serve()
    client, other = serving.connect(), serving.connect()
    client.send("CRASH s3cret")
    assert client.rest() == b"BYE fault\n"
    assert serving.metrics.faults == 1
    assert "RuntimeError at" in caplog.text
    assert "s3cret" not in caplog.text
    assert other.ask("ECHO fine") == "fine"


@pytest.mark.parametrize("reason", [CloseReason.OVERSIZE, CloseReason.VIOLATION])
def test_what_breaks_the_protocol_gets_the_farewell_and_is_no_fault(serve, reason):
    serving = serve()
    client = serving.connect()
    client.send(f"CRASH {reason.value}")
    assert client.rest() == f"BYE {reason.value}\n".encode()
    client.close()
    serving.wait_until(lambda: serving.metrics.closed[reason] == 1)
    assert serving.metrics.faults == 0


def test_a_peer_that_dies_while_waiting_leaves_nothing_behind(serve):
    serving = serve()
    client = serving.connect()
    client.send("GATE g")
    serving.wait_until(lambda: bool(serving.hub.gates))
    _reset(client.sock)
    serving.wait_until(lambda: serving.host.connections == 0)
    assert serving.hub.gates["g"][0].cancelled()
    assert serving.hub.closed == [CloseReason.LOST]
    assert serving.connect().ask("ECHO fine") == "fine"


def test_a_peer_that_dies_while_its_call_runs_has_it_cancelled_before_the_session_ends(serve):
    serving = serve()
    client, other = serving.connect(), serving.connect()
    client.send("HOLD")
    assert serving.hub.work_started.wait(10)
    _reset(client.sock)
    serving.wait_until(lambda: serving.hub.closed == [CloseReason.LOST])
    assert other.ask("WORK ab") == "ba dotdo-serving"


def test_a_peer_that_dies_with_output_pending_harms_nobody(serve):
    serving = serve()
    client, other = serving.connect(), serving.connect()
    client.send(*["BIG 1000000"] * 10)
    _reset(client.sock)
    serving.wait_until(lambda: serving.host.connections == 1)
    assert other.ask("ECHO fine") == "fine"


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_a_peer_that_keeps_a_closed_connection_open_is_dropped(serve):
    serving = serve(linger_s=0.1)
    client = serving.connect()
    assert client.ask("QUIT") == "BYE"
    serving.wait_until(lambda: serving.host.connections == 0)
