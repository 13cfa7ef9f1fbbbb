"""What users were refused: the gate before each call and the log of refusals; it refuses to know the rules."""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_redis.engine.clientlines import shown_client
from dotdo_redis.errors import NoAuth, NoPermission
from dotdo_redis.mapping.replies import Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.declaration import Command
    from dotdo_redis.engine.selectors import Denial

SAME_WITHIN_MS = 60_000
LIMIT = 128
_OLD_TEXTS = {
    "key": "this user has no permissions to access one of the keys used as arguments",
    "channel": "this user has no permissions to access one of the channels used as arguments",
}
_NEW_TEXTS = {
    "key": "No permissions to access a key",
    "channel": "No permissions to access a channel",
}


@dataclass(slots=True)
class Refusal:
    """An entry of the log."""

    number: int
    count: int
    reason: str
    context: str
    object: bytes
    user: bytes
    created_ms: int
    updated_ms: int
    client: str


class RefusalLog:
    """Refusals, newest first; the same one within a minute is counted."""

    def __init__(self) -> None:
        self.entries: deque[Refusal] = deque(maxlen=LIMIT)
        self.next_number = 0

    def clear(self) -> None:
        """Forget all."""
        self.entries.clear()

    def keep(self, count: int) -> None:
        """Keep no more than so many from now on."""
        self.entries = deque(self.entries, maxlen=count)

    def add(self, ctx: "Context", reason: str, what: bytes, user: bytes) -> None:
        """Enter a refusal."""
        client = ctx.client
        place = (
            "lua"
            if "lua" in client.flags
            else "multi"
            if ctx.is_nested or client.queue is not None
            else "toplevel"
        )
        for entry in self.entries:
            is_same = (entry.reason, entry.context, entry.object, entry.user) == (
                reason,
                place,
                what,
                user,
            )
            if is_same and ctx.now_ms - entry.updated_ms <= SAME_WITHIN_MS:
                entry.count += 1
                entry.updated_ms = ctx.now_ms
                entry.client = shown_client(ctx, client)
                self.entries.remove(entry)
                self.entries.appendleft(entry)
                return
        now_ms = ctx.now_ms
        line = shown_client(ctx, client)
        self.entries.appendleft(
            Refusal(self.next_number, 1, reason, place, what, user, now_ms, now_ms, line)
        )
        self.next_number += 1

    def shown(self, ctx: "Context", count: int) -> Reply:
        """The newest entries as ACL LOG shows them."""
        return [self._shown(ctx, entry) for entry in list(self.entries)[:count]]

    @staticmethod
    def _shown(ctx: "Context", entry: Refusal) -> Reply:
        shown: dict[object, object] = {
            b"count": entry.count,
            b"reason": entry.reason.encode(),
            b"context": entry.context.encode(),
            b"object": entry.object,
            b"username": entry.user,
            b"age-seconds": b"%.3f" % ((ctx.now_ms - entry.created_ms) / 1000)
            if not ctx.engine.config.shows(7, 2)
            else (ctx.now_ms - entry.created_ms) / 1000,
            b"client-info": entry.client.encode(),
        }
        if ctx.engine.config.shows(7, 2):
            shown[b"entry-id"] = entry.number
            shown[b"timestamp-created"] = entry.created_ms
            shown[b"timestamp-last-updated"] = entry.updated_ms
        return shown


def guard(ctx: "Context", command: "Command", words: list[bytes]) -> None:
    """Let a call through, or not.

    Raises:
        NoAuth: the client has not said who it is.
        NoPermission: its user may not make this call.
    """
    flags = command.facts.flags
    client = ctx.client
    if not client.user:
        if "no_auth" in flags:
            return
        raise NoAuth
    user = ctx.engine.instance.users.get(client.user)
    if user is None or user.is_unrestricted:
        return
    denied = user.denial(command, words)
    if denied is not None:
        ctx.engine.instance.acl_log.add(ctx, denied.reason, denied.object, client.user)
        ctx.engine.instance.statistics.count_denial(denied.reason)
        raise NoPermission(refusal_text(ctx, denied))


def refusal_text(ctx: "Context", denied: "Denial") -> str:
    """The words of a refusal, as the release shown says them."""
    is_newer = ctx.engine.config.shows(7, 2)
    if denied.reason == "command":
        shown = denied.object.decode("utf-8", "replace")
        if is_newer:
            who = ctx.client.user.decode("utf-8", "replace")
            return f"User {who} has no permissions to run the '{shown}' command"
        return f"this user has no permissions to run the '{shown}' command"
    return (_NEW_TEXTS if is_newer else _OLD_TEXTS)[denied.reason]
