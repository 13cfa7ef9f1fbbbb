"""What a package offers as an entry point of `dotdo.protocols`, and the finding of those installed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dotdo.serving.context import SessionContext
from dotdo.serving.errors import ProtocolLoadError
from dotdo.serving.session import CloseReason, Session

GROUP = "dotdo.protocols"


def _silence(_reason: CloseReason) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """A protocol that a host can serve.

    Args:
        name: Lower case, as the entry point's; also the label of its metrics.
        default_port: The vendor's.
        session_factory: Makes the session of a connection.
        refusal: The last words to a peer that gets no session because too many are there.
        alpn: Names accepted in TLS handshakes.
    """

    name: str
    default_port: int
    session_factory: Callable[[SessionContext], Session]
    refusal: Callable[[CloseReason], bytes] = _silence
    alpn: tuple[str, ...] = ()


def protocol_names() -> list[str]:
    """Return the names of the installed protocols, which are not loaded for it."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def installed_protocols(*names: str) -> Mapping[str, WireProtocol]:
    """Return installed protocols by name.

    Args:
        names: Only these; all when none is given.

    Raises:
        ProtocolLoadError: One cannot be imported, is no WireProtocol, or a name is taken twice.
    """
    found: dict[str, WireProtocol] = {}
    for entry in entry_points(group=GROUP):
        if names and entry.name not in names:
            continue
        protocol = _load(entry)
        if found.setdefault(protocol.name, protocol) is not protocol:
            message = f"two installed packages offer the protocol {protocol.name!r}"
            raise ProtocolLoadError(message)
    return found


def _load(entry: EntryPoint) -> WireProtocol:
    try:
        loaded: object = entry.load()
    except (ImportError, AttributeError) as error:
        message = f"protocol {entry.name!r} ({entry.value}) cannot be loaded"
        raise ProtocolLoadError(message) from error
    if not isinstance(loaded, WireProtocol) or loaded.name != entry.name:
        message = f"{entry.value} is not the protocol {entry.name!r}"
        raise ProtocolLoadError(message)
    return loaded
