import re

from dotdo.serving import CloseReason, Metrics, ProtocolMetrics

LINE = re.compile(
    r'(# (HELP|TYPE) \w+ .+|\w+\{protocol="[^"\\]*(\\.[^"\\]*)*"(,reason="\w+")?\} \d+)'
)


def test_what_happened_is_counted(serve):
    serving = serve()
    client = serving.connect()
    assert client.ask("ECHO hello", "NOPE") == ["hello", "ERR unknown request"]
    assert serving.metrics.open_connections == 1
    client.close()
    serving.wait_until(lambda: serving.metrics.open_connections == 0)
    metrics = serving.metrics
    assert (metrics.connections, metrics.requests, metrics.errors) == (1, 2, 1)
    assert metrics.bytes_in == len(b"ECHO hello\nNOPE\n")
    assert metrics.bytes_out == len(b"hello\nERR unknown request\n")
    assert metrics.closed == {CloseReason.LOST: 1}


def test_bytes_of_open_connections_are_counted_too(serve):
    serving = serve(linger_s=0.1)
    assert serving.connect().ask("ECHO hello") == "hello"
    serving.wait_until(lambda: serving.metrics.bytes_out == 6)


def test_the_text_is_that_of_prometheus():
    metrics = Metrics(b=ProtocolMetrics(requests=3), a=ProtocolMetrics())
    metrics["a"].refused[CloseReason.TOO_MANY_CONNECTIONS] = 2
    metrics['odd "name"\\'] = ProtocolMetrics()
    text = metrics.render()
    assert text.endswith("\n")
    assert all(LINE.fullmatch(line) for line in text.splitlines())
    assert 'dotdo_requests_total{protocol="b"} 3\n' in text
    assert 'dotdo_connections_refused_total{protocol="a",reason="too_many_connections"} 2\n' in text
    assert 'dotdo_open_connections{protocol="odd \\"name\\"\\\\"} 0\n' in text
