import socket
import ssl
import stat
from pathlib import Path

import pytest

from dotdo.serving import CloseReason, self_signed, server_context
from dotdo.serving.errors import CertificateError


def test_tls_from_the_first_byte(serve, server_tls, client_tls):
    client = serve(tls=server_tls, tls_first=True).connect()
    client.start_tls(client_tls)
    assert client.ask("ECHO hello", "FACTS", "TLS") == ["hello", "TLSv1.3 line", "ERR no TLS"]


def test_tls_in_band(serve, server_tls, client_tls):
    client = serve(tls=server_tls).connect()
    assert client.ask("FACTS", "TLS") == ["plain None", "GO"]
    client.start_tls(client_tls)
    assert client.ask("ECHO hello", "FACTS") == ["hello", "TLSv1.3 line"]


def test_tls_when_the_session_sees_a_handshake(serve, server_tls, client_tls):
    client = serve(tls=server_tls).connect()
    client.start_tls(client_tls)
    assert client.ask("ECHO hello") == "hello"


def test_tls_of_an_adopted_socket_whose_handshake_was_begun(serve, server_tls, client_tls):
    serving = serve(tls=server_tls)
    ours, theirs = socket.socketpair()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    serving.run(serving.host.adopt(serving.protocol, theirs, outgoing.read()))
    with ours:
        while True:
            incoming.write(ours.recv(1 << 16))
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                ours.sendall(outgoing.read())
        tls.write(b"ECHO hello\n")
        ours.sendall(outgoing.read())
        received = b""
        while not received:
            try:
                received = tls.read(100)
            except ssl.SSLWantReadError:
                incoming.write(ours.recv(1 << 16))
        assert received == b"hello\n"


def test_tls_1_2_is_served_and_older_is_not(serve, server_tls, client_tls):
    serving = serve(tls=server_tls, tls_first=True)
    client_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    client = serving.connect()
    client.start_tls(client_tls)
    assert client.ask("FACTS") == "TLSv1.2 line"
    assert server_tls.minimum_version is ssl.TLSVersion.TLSv1_2


def test_plain_text_where_tls_is_due_is_refused(serve, server_tls):
    serving = serve(tls=server_tls, tls_first=True)
    client = serving.connect()
    client.send("ECHO hello")
    assert b"hello" not in client.rest()
    client.close()
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.TLS_FAILED] == 1)


def test_a_handshake_that_stalls_is_ended(serve, server_tls):
    serving = serve(tls=server_tls, tls_first=True, handshake_timeout_s=0.1)
    client = serving.connect()
    client.sock.sendall(b"\x16\x03\x01")
    assert client.rest() == b""
    client.close()
    # the session trusts everybody, yet it is not reached
    serving.wait_until(lambda: serving.metrics.closed[CloseReason.HANDSHAKE_TIMEOUT] == 1)


def test_large_answers_and_pushes_pass_through_tls(serve, server_tls, client_tls):
    serving = serve(tls=server_tls, tls_first=True)
    client, sender = serving.connect(), serving.connect()
    client.start_tls(client_tls)
    sender.start_tls(client_tls)
    assert client.ask("SUBSCRIBE me") == "OK"
    assert sender.ask("PUSH me now") == "OK"
    assert client.line() == "PUSH now"
    assert len(client.ask("BIG 3000000")) == 3_000_000
    client.send("STREAM 50")
    assert [len(client.line()) for _ in range(50)] == [65_535] * 50


def test_requests_before_the_end_of_tls_are_answered(serve, server_tls, client_tls):
    serving = serve(tls=server_tls, tls_first=True)
    client = serving.connect()
    client.start_tls(client_tls)
    client.send("ECHO last")
    assert client.line() == "last"
    client.sock.settimeout(5)
    client.sock.unwrap().close()
    serving.wait_until(lambda: serving.host.connections == 0)


def test_a_farewell_reaches_a_tls_peer_followed_by_a_notice(serve, server_tls, client_tls):
    client = serve(tls=server_tls, tls_first=True).connect()
    client.start_tls(client_tls)
    client.send("QUIT")
    assert client.rest() == b"BYE\n"  # an end without the notice would raise


def test_a_certificate_is_made_once_and_its_key_is_private(tmp_path: Path):
    certificate, key = self_signed(tmp_path)
    made = certificate.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert self_signed(tmp_path) == (certificate, key)
    assert certificate.read_bytes() == made


def test_a_key_that_does_not_fit_is_told(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    certificate, _ = self_signed(tmp_path / "a")
    _, key = self_signed(tmp_path / "b")
    with pytest.raises(CertificateError):
        server_context(certificate, key)
    with pytest.raises(CertificateError):
        server_context(tmp_path / "none", key)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(CertificateError):
        self_signed(tmp_path / "none")
