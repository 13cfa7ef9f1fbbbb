"""Addresses of production used in process: their options hold, hosts and credentials are not asked."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus, urlsplit, urlunsplit

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
    if not isinstance(host, str) or not host.startswith(("mongodb://", "mongodb+srv://")):
        return host, None
    parts = urlsplit(host)
    userinfo, at, hosts = parts.netloc.rpartition("@")
    first = hosts.split(",")[0]
    options = [option for option in parts.query.split("&") if option]  # as they are written
    named = next(
        (unquote_plus(o.partition("=")[2]) for o in options if _name(o) == "replicaset"), None
    )
    if parts.scheme == "mongodb+srv":
        options = [o for o in options if _name(o) == "replicaset" or _name(o) not in _NETWORK]
    path = parts.path or ("/" if options else "")
    return urlunsplit(("mongodb", f"{userinfo}{at}{first}", path, "&".join(options), "")), named


def _name(option: str) -> str:
    return option.partition("=")[0].lower()
