"""The lines of CLIENT LIST; it refuses to choose clients."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.context import Context


def flags_of(ctx: "Context", client: "ClientState") -> str:
    """The letters of a client's state."""
    tracking = client.tracking
    letters = (
        ("P", bool(client.subscriptions or client.shard_channels)),
        ("O", client in ctx.engine.audience.monitors),
        ("x", client.queue is not None),
        ("b", client.blocked is not None),
        ("t", tracking is not None),
        ("R", tracking is not None and tracking.is_broken),
        ("B", tracking is not None and tracking.is_broadcast),
        ("d", client.watch_broken),
        ("u", client.address.endswith(":0")),
        ("e", "no-evict" in client.flags),
        ("T", "no-touch" in client.flags),
    )
    return "".join(letter for letter, is_set in letters if is_set) or "N"


def shown_client(ctx: "Context", client: "ClientState") -> str:
    """The line of CLIENT LIST."""
    now_ms, config = ctx.now_ms, ctx.engine.config
    multi = -1 if client.queue is None else len(client.queue)
    tracking = client.tracking
    redirect = -1 if tracking is None else tracking.redirect
    is_self = client is ctx.client
    words = client.ctx.words if is_self else []
    size = sum(map(len, words))
    read = sum(len(b"$%d\r\n\r\n" % len(word)) + len(word) for word in words)
    read += len(b"*%d\r\n" % len(words)) if words else 0
    fields: list[tuple[str, object]] = [
        ("id", client.id),
        ("addr", client.address),
        ("laddr", client.local_address),
        ("fd", client.id + 7),
        ("name", client.name.decode("utf-8", "replace")),
        ("age", max(0, now_ms - client.created_ms) // 1000),
        ("idle", max(0, now_ms - client.last_ms) // 1000),
        ("flags", flags_of(ctx, client)),
        ("db", client.db),
        ("sub", len(client.channels)),
        ("psub", len(client.patterns)),
        ("ssub", len(client.shard_channels)),
        ("multi", multi),
        *([("watch", len(client.watched))] if config.shows(7, 4) else []),
        ("qbuf", read),
        ("qbuf-free", 20474 - read if is_self else 0),
        ("argv-mem", size),
        ("multi-mem", sum(len(word) for _, queued in client.queue or () for word in queued)),
        ("rbs", 1024),
        ("rbp", 0),
        ("obl", 0),
        ("oll", 0),
        ("omem", 0),
        ("tot-mem", 1800 + size + 20474 * is_self),
        ("events", "r"),
        ("cmd", client.last_command or "NULL"),
        ("user", client.user.decode("utf-8", "replace") or "(superuser)"),
        ("redir", redirect),
        ("resp", client.resp),
    ]
    if config.shows(7, 2):
        fields += [
            ("lib-name", client.lib_name.decode()),
            ("lib-ver", client.lib_ver.decode()),
        ]
    return " ".join(f"{name}={value}" for name, value in fields)
