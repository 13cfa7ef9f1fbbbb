"""Addresses of production used in process: their options hold, hosts and credentials are not asked."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_NETWORK = frozenset(
    {
        "srvservicename", "srvmaxhosts", "srvallowedhostssuffix", "directconnection", "loadbalanced", "replicaset",
    }
)  # fmt: skip


def local_address(host: Any) -> tuple[Any, str | None]:
    """Return an address with one seed, and the name of the replica set that it asks for.

    Args:
        host: A host, an address, or several.
    """
    if isinstance(host, Sequence) and not isinstance(host, str):
        return local_address(host[0]) if host else (host, None)
    if not isinstance(host, str) or "://" not in host:
        return host, None
    is_srv = host.startswith("mongodb+srv://")
    parts = urlsplit(host)
    userinfo, at, hosts = parts.netloc.rpartition("@")
    first = hosts.split(",")[0]
    options = parse_qsl(parts.query, keep_blank_values=True)
    named = next((value for name, value in options if name.lower() == "replicaset"), None)
    if is_srv:
        options = [
            (n, v) for n, v in options if n.lower() not in _NETWORK or n.lower() == "replicaset"
        ]
    path = parts.path or ("/" if options else "")
    return urlunsplit(("mongodb", f"{userinfo}{at}{first}", path, urlencode(options), "")), named
