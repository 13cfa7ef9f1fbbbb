"""Classes of keyspace events and who is subscribed to what; it refuses replies of commands."""

from typing import TYPE_CHECKING

from dotdo_redis.engine.glob import matches
from dotdo_redis.mapping.replies import Push

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState

KEYSPACE, KEYEVENT = 1, 2
GENERIC, STRING, LIST, SET, HASH, ZSET, EXPIRED, EVICTED, STREAM, MISS, MODULE, NEW = (
    4 << shift for shift in range(12)
)
LETTERS = {
    "K": KEYSPACE, "E": KEYEVENT, "g": GENERIC, "$": STRING, "l": LIST, "s": SET, "h": HASH, "z": ZSET,
    "x": EXPIRED, "e": EVICTED, "t": STREAM, "m": MISS, "d": MODULE, "n": NEW,
}  # fmt: skip
ALL = GENERIC | STRING | LIST | SET | HASH | ZSET | EXPIRED | EVICTED | STREAM | MODULE


class Subscriptions:
    """Who listens to which channel, pattern and shard channel, in the order of subscribing."""

    def __init__(self) -> None:
        self.channels: dict[bytes, dict[ClientState, None]] = {}
        self.patterns: dict[bytes, dict[ClientState, None]] = {}
        self.shard_channels: dict[bytes, dict[ClientState, None]] = {}

    def publish(self, channel: bytes, message: bytes) -> int:
        """Send to the subscribers of the channel, then to those of matching patterns; return how many got it."""
        receivers = 0
        for client in self.channels.get(channel, ()):
            client.sink(Push([b"message", channel, message]))
            receivers += 1
        for pattern, clients in self.patterns.items():
            if matches(pattern, channel):
                for client in clients:
                    client.sink(Push([b"pmessage", pattern, channel, message]))
                    receivers += 1
        return receivers

    def publish_to_shard(self, channel: bytes, message: bytes) -> int:
        """Send to the subscribers of a shard channel; return how many got it."""
        clients = self.shard_channels.get(channel, {})
        for client in clients:
            client.sink(Push([b"smessage", channel, message]))
        return len(clients)

    def forget(self, client: "ClientState") -> None:
        """Drop every subscription of a client."""
        for mine, all_ in (
            (client.channels, self.channels),
            (client.patterns, self.patterns),
            (client.shard_channels, self.shard_channels),
        ):
            for name in mine:
                clients = all_[name]
                clients.pop(client, None)
                if not clients:
                    del all_[name]
            mine.clear()
