"""Exhaust: replies that follow each other without being asked for, of getMore and of a hello that waits."""

from typing import Any

Document = dict[str, Any]
_HELLO = frozenset({"hello", "isMaster", "ismaster"})


def continued(body: Document, reply: Document) -> Document | None:
    """Return the command whose reply follows by itself, None when this reply is the last.

    Args:
        body: The command that was answered, by a peer that allows this.
        reply: Its reply.
    """
    if reply.get("ok") != 1:
        return None
    name = next(iter(body))
    if name == "getMore":
        return body if reply["cursor"]["id"] else None
    if name in _HELLO and "topologyVersion" in body and "maxAwaitTimeMS" in body:
        return body | {"topologyVersion": reply["topologyVersion"]}
    return None
