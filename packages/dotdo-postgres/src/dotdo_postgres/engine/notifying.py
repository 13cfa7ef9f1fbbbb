"""LISTEN, NOTIFY and UNLISTEN among the sessions that this process has on a tenant; they take effect at commit."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from dotdo_postgres.engine.feeds import Feeds
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo.storage import Store
    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

MAX_CHANNEL_BYTES = 63
MAX_PAYLOAD_BYTES = 7999


class Notification(NamedTuple):
    """What one session tells those that listen.

    Args:
        channel: where it is told.
        payload: what is told.
        pid: number of the session that tells it.
    """

    channel: str
    payload: str
    pid: int


@dataclass(slots=True)
class _Act:
    """What waits for the commit: a channel to listen to, to leave (None: all of them), or a notification."""

    kind: str
    channel: str | None
    payload: str = ""
    depth: int = 0


class Mailbox:
    """What a session listens to, what has come for it, and what it is about to tell.

    Args:
        store: The tenant's.
        pid: Number of the session.

    Attributes:
        channels: Those it listens to.
        inbox: What has come and was not taken yet.
        on_arrival: Called, from any thread, when something has come.
    """

    def __init__(self, store: Store, pid: int) -> None:
        self.channels: set[str] = set()
        self.inbox: list[Notification] = []
        self.on_arrival: Callable[[], object] | None = None
        self._pid = pid
        self._others = _MAILBOXES.setdefault(store, WeakSet())
        self._pending: list[_Act] = []
        self._feeds = Feeds(store, self._receive)

    def _receive(self, channel: str, payload: str) -> None:
        self.inbox.append(Notification(channel, payload, 0))
        if self.on_arrival is not None:
            self.on_arrival()

    @property
    def has_pending(self) -> bool:
        """Something waits for the commit."""
        return bool(self._pending)

    # --- before the commit -------------------------------------------------------------------

    def listen(self, channel: str, depth: int) -> None:
        """Listen to a channel."""
        self._pending.append(_Act("listen", channel, depth=depth))

    def unlisten(self, channel: str | None, depth: int) -> None:
        """Listen to a channel no longer, to none for None."""
        self._pending.append(_Act("unlisten", channel, depth=depth))

    def notify(self, channel: str, payload: str, depth: int) -> None:
        """Tell those that listen, the same thing once in a transaction.

        Raises:
            PostgresError: the channel has no name or too long a one, or the payload is too long (22023).
        """
        if not channel:
            raise error("22023", "channel name cannot be empty")
        if len(channel.encode()) > MAX_CHANNEL_BYTES:
            raise error("22023", "channel name too long")
        if len(payload.encode()) > MAX_PAYLOAD_BYTES:
            raise error("22023", "payload string too long")
        known = any(
            act.kind == "notify" and (act.channel, act.payload) == (channel, payload)
            for act in self._pending
        )
        if not known:
            self._pending.append(_Act("notify", channel, payload, depth))

    def released(self, depth: int) -> None:
        """A savepoint is forgotten: what came after it belongs to the one before."""
        for act in self._pending:
            act.depth = min(act.depth, depth - 1)

    def undo(self, depth: int) -> None:
        """Forget what came after the savepoint at that depth."""
        self._pending = [act for act in self._pending if act.depth < depth]

    # --- the commit --------------------------------------------------------------------------

    def end(self, *, is_committed: bool) -> None:
        """The transaction is over: do what waited for it, or forget it."""
        pending, self._pending = self._pending, []
        if is_committed:
            for act in pending:
                self._do(act)

    def _do(self, act: _Act) -> None:
        if act.kind == "notify":
            self._tell(Notification(act.channel or "", act.payload, self._pid))
        elif act.kind == "listen":
            self.channels.add(act.channel or "")
            self._others.add(self)
            self._feeds.open(act.channel or "")
        elif act.channel is None:
            self.channels.clear()
            self._feeds.close()
        else:
            self.channels.discard(act.channel)
            self._feeds.close(act.channel)

    def _tell(self, notification: Notification) -> None:
        for mailbox in list(self._others):
            if notification.channel in mailbox.channels:
                mailbox.inbox.append(notification)
                if mailbox.on_arrival is not None:
                    mailbox.on_arrival()

    def take(self) -> list[Notification]:
        """Return what has come."""
        taken, self.inbox = self.inbox, []
        return taken

    def close(self) -> None:
        """Listen no longer."""
        self.channels.clear()
        self._feeds.close()
        self._others.discard(self)


_MAILBOXES: WeakKeyDictionary[Store, WeakSet[Mailbox]] = WeakKeyDictionary()


# --- statements ------------------------------------------------------------------------------


def plan_listen(planner: Planner, node: Node) -> Prepared:
    """Plan LISTEN."""
    return Prepared(None, (), "LISTEN", _listen, detail=node["conditionname"])


def _listen(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    session.mailbox.listen(prepared.detail, session.settings.depth)
    return _done(session, prepared)


def plan_unlisten(planner: Planner, node: Node) -> Prepared:
    """Plan UNLISTEN."""
    return Prepared(None, (), "UNLISTEN", _unlisten, detail=node.get("conditionname"))


def _unlisten(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    session.mailbox.unlisten(prepared.detail, session.settings.depth)
    return _done(session, prepared)


def plan_notify(planner: Planner, node: Node) -> Prepared:
    """Plan NOTIFY."""
    detail = node["conditionname"], node.get("payload", "")
    return Prepared(None, (), "NOTIFY", _notify, detail=detail)


def _notify(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    channel, payload = prepared.detail
    session.mailbox.notify(channel, payload, session.settings.depth)
    return _done(session, prepared)


def _done(session: Session, prepared: Prepared) -> Result:
    if session.is_idle:
        session.mailbox.end(is_committed=True)
    return Result(None, [], prepared.tag_kind)
