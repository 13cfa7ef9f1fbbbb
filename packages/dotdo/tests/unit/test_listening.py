"""Options of where to listen: for all protocols or for one; what names nothing is refused."""

from pathlib import Path

import pytest

from dotdo.serving import Session, TcpListener, UnixListener, WireProtocol
from dotdo_cli.errors import UsageError
from dotdo_cli.listening import Wishes

PROTOCOLS = {
    name: WireProtocol(name, port, lambda _: Session()) for name, port in (("x", 1), ("y", 2))
}
NAMES = tuple(PROTOCOLS)
Options = tuple[str, ...]


def parse(
    *, host: Options = (), port: Options = (), unix: Options = (), tls: Options = (), names=NAMES
) -> Wishes:
    return Wishes.parse(names, host, port, unix, tls)


def listeners(wishes: Wishes, names=NAMES) -> list[object]:
    return wishes.listeners({name: PROTOCOLS[name] for name in names})


def test_by_default_every_protocol_listens_on_loopback_at_its_own_port() -> None:
    assert listeners(parse()) == [TcpListener(p, "127.0.0.1") for p in PROTOCOLS.values()]


def test_hosts_and_ports_are_for_all_or_for_one() -> None:
    wishes = parse(host=("127.0.0.2", "y=::1"), port=("y=15432",), tls=("y",))
    assert listeners(wishes) == [
        TcpListener(PROTOCOLS["x"], "127.0.0.2"),
        TcpListener(PROTOCOLS["y"], "::1", 15432, is_tls_first=True),
    ]


def test_a_socket_file_alone_leaves_out_tcp() -> None:
    assert listeners(parse(unix=("x=/run/x",)), ("x",)) == [
        UnixListener(PROTOCOLS["x"], Path("/run/x"))
    ]
    assert len(listeners(parse(port=("x=0",), unix=("x=/run/x",)), ("x",))) == 2
    assert len(listeners(parse(host=("127.0.0.1",), unix=("x=/run/x",)), ("x",))) == 2


def test_the_only_protocol_need_not_be_named() -> None:
    assert parse(port=("7",), names=("x",)).ports == {"x": 7}


@pytest.mark.parametrize(
    "options",
    [
        {"port": ("7",)},
        {"port": ("z=7",)},
        {"port": ("x=70000",)},
        {"port": ("x=-1",)},
        {"port": ("x=seven",)},
        {"host": ("z=::1",)},
        {"unix": ("/run/x",)},
        {"tls": ("z",)},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Options]) -> None:
    with pytest.raises(UsageError):
        parse(**options)
