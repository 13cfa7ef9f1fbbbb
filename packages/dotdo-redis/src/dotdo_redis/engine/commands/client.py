"""The CLIENT command: names, lists, kills, pauses, replies; it refuses tracking, which has its own module."""

from collections.abc import Callable

from dotdo_redis.engine.arguments import integer, timeout_ms
from dotdo_redis.engine.clientlines import shown_client
from dotdo_redis.engine.clients import ClientState
from dotdo_redis.engine.commands.connection import check_name
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import ReplyError, Unblocked, syntax
from dotdo_redis.mapping.replies import NO_REPLY, OK, Reply, Verbatim

FAMILY = Family()

TYPES = {
    b"normal": "normal",
    b"master": "master",
    b"slave": "replica",
    b"replica": "replica",
    b"pubsub": "pubsub",
}
Filter = Callable[[ClientState], bool]


@FAMILY.command("CLIENT|ID")
def client_id(ctx: Context, _args: list[bytes]) -> Reply:
    """The connection's number."""
    return ctx.client.id


@FAMILY.command("CLIENT|GETNAME")
def getname(ctx: Context, _args: list[bytes]) -> Reply:
    """The connection's name, null without one."""
    return ctx.client.name or None


@FAMILY.command("CLIENT|SETNAME")
def setname(ctx: Context, args: list[bytes]) -> Reply:
    """Name the connection; an empty name takes it away."""
    check_name(args[0])
    ctx.client.name = args[0]
    return OK


@FAMILY.command("CLIENT|SETINFO")
def setinfo(ctx: Context, args: list[bytes]) -> Reply:
    """Say which library the client is."""
    option, value = args[0].upper(), args[1]
    if option not in {b"LIB-NAME", b"LIB-VER"}:
        raise ReplyError(f"Unrecognized option '{args[0].decode('utf-8', 'replace')}'")
    if any(not 0x21 <= byte <= 0x7E for byte in value):
        shown = option.decode().lower()
        raise ReplyError(f"{shown} cannot contain spaces, newlines or special characters.")
    if option == b"LIB-NAME":
        ctx.client.lib_name = value
    else:
        ctx.client.lib_ver = value
    return OK


@FAMILY.command("CLIENT|INFO")
def info(ctx: Context, _args: list[bytes]) -> Reply:
    """The connection's line of CLIENT LIST."""
    return Verbatim(shown_client(ctx, ctx.client).encode() + b"\n")


@FAMILY.command("CLIENT|LIST")
def list_(ctx: Context, args: list[bytes]) -> Reply:
    """A line for every connection, of a type or of given numbers."""
    chosen = list(ctx.engine.clients.values())
    if len(args) == 2 and args[0].upper() == b"TYPE":
        kind = _type(args[1])
        chosen = [client for client in chosen if _is_of(ctx, client, kind)]
    elif len(args) > 1 and args[0].upper() == b"ID":
        numbers = [integer(word, "Invalid client ID") for word in args[1:]]
        chosen = [ctx.engine.clients[n] for n in numbers if n in ctx.engine.clients]
    elif args:
        raise syntax()
    lines = "".join(f"{shown_client(ctx, client)}\n" for client in chosen)
    return Verbatim(lines.encode())


def _type(word: bytes) -> str:
    kind = TYPES.get(word.lower())
    if kind is None:
        raise ReplyError(f"Unknown client type '{word.decode('utf-8', 'replace')}'")
    return kind


def _is_of(ctx: Context, client: ClientState, kind: str) -> bool:
    if client in ctx.engine.audience.monitors:
        return kind == "replica"
    return kind == ("pubsub" if client.subscriptions or client.shard_channels else "normal")


@FAMILY.command("CLIENT|KILL")
def kill(ctx: Context, args: list[bytes]) -> Reply:
    """Close the connection from an address, or all that pass the filters."""
    clients = list(ctx.engine.clients.values())
    if len(args) == 1:
        address = args[0].decode("utf-8", "replace")
        found = [client for client in clients if client.address == address]
        if not found:
            raise ReplyError("No such client")
        close(ctx, found[0])
        return OK
    filters = _filters(ctx, args)
    condemned = [client for client in clients if all(passes(client) for passes in filters)]
    for client in condemned:
        close(ctx, client)
    return len(condemned)


def _filters(ctx: Context, args: list[bytes]) -> list[Filter]:
    if len(args) % 2:
        raise syntax()
    filters: list[Filter] = []
    skips_self = True
    for option, value in zip(args[::2], args[1::2], strict=True):
        name = option.upper()
        if name == b"SKIPME":
            if value.lower() not in {b"yes", b"no"}:
                raise syntax()
            skips_self = value.lower() == b"yes"
        elif name in _FILTERS and (name != b"MAXAGE" or ctx.engine.config.shows(7, 4)):
            filters.append(_FILTERS[name](ctx, value))
        else:
            raise syntax()
    if skips_self:
        filters.append(lambda client: client is not ctx.client)
    return filters


def _by_id(_ctx: Context, word: bytes) -> Filter:
    number = integer(word, "client-id should be greater than 0")
    if number < 1:
        raise ReplyError("client-id should be greater than 0")
    return lambda client: client.id == number


def _by_type(ctx: Context, word: bytes) -> Filter:
    kind = _type(word)
    return lambda client: _is_of(ctx, client, kind)


def _by_user(ctx: Context, word: bytes) -> Filter:
    if word not in ctx.engine.instance.users:
        raise ReplyError(f"No such user '{word.decode('utf-8', 'replace')}'")
    return lambda client: client.user == word


def _by_address(_ctx: Context, word: bytes) -> Filter:
    return lambda client: client.address.encode() == word


def _by_local_address(_ctx: Context, word: bytes) -> Filter:
    return lambda client: client.local_address.encode() == word


def _by_age(ctx: Context, word: bytes) -> Filter:
    age_s = integer(word, "syntax error")
    return lambda client: (ctx.now_ms - client.created_ms) // 1000 >= age_s


_FILTERS: dict[bytes, Callable[[Context, bytes], Filter]] = {
    b"ID": _by_id,
    b"TYPE": _by_type,
    b"USER": _by_user,
    b"ADDR": _by_address,
    b"LADDR": _by_local_address,
    b"MAXAGE": _by_age,
}


def close(ctx: Context, client: ClientState) -> None:
    """Close a client's connection, the caller's own after its reply."""
    client.close()
    if client is not ctx.client:
        ctx.engine.disconnect(client)


@FAMILY.command("CLIENT|REPLY")
def reply(ctx: Context, args: list[bytes]) -> Reply:
    """Turn replies on or off, or leave the next one out."""
    mode = args[0].upper()
    client = ctx.client
    if mode == b"ON":
        client.replies = "ON"
        return OK
    if mode == b"OFF":
        client.replies = "OFF"
    elif mode == b"SKIP":
        client.replies = "SKIP" if client.replies != "OFF" else "OFF"
    else:
        raise syntax()
    return NO_REPLY


@FAMILY.command("CLIENT|NO-EVICT", "CLIENT|NO-TOUCH")
def switch(ctx: Context, args: list[bytes]) -> Reply:
    """Exempt the client from eviction, or its reads from the keys' idle times."""
    flag = ctx.command.name.partition("|")[2].lower()
    mode = args[0].lower()
    if mode == b"on":
        ctx.client.flags.add(flag)
    elif mode == b"off":
        ctx.client.flags.discard(flag)
    else:
        raise syntax()
    return OK


@FAMILY.command("CLIENT|UNBLOCK")
def unblock(ctx: Context, args: list[bytes]) -> Reply:
    """Let a blocked client go on as if time were over, or with an error."""
    mode = args[1].upper() if len(args) > 1 else b"TIMEOUT"
    if len(args) > 2 or mode not in {b"TIMEOUT", b"ERROR"}:
        raise ReplyError("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    client = ctx.engine.clients.get(integer(args[0]))
    blocked = client.blocked if client is not None else None
    if blocked is None or blocked.is_postponed:
        return 0
    error = Unblocked("client unblocked via CLIENT UNBLOCK")
    late = blocked.timeout_reply if mode == b"TIMEOUT" else error
    return int(ctx.engine.waiters.release(blocked, late))


@FAMILY.command("CLIENT|PAUSE")
def pause(ctx: Context, args: list[bytes]) -> Reply:
    """Put off commands of all clients for a while: all of them, or those that write."""
    mode = args[1].upper() if len(args) > 1 else b"ALL"
    if len(args) > 2 or mode not in {b"ALL", b"WRITE"}:
        raise ReplyError("CLIENT PAUSE mode must be WRITE or ALL")
    wait_ms = timeout_ms(args[0], milliseconds=True) or 0
    ctx.engine.instance.pause.begin(ctx.now_ms + wait_ms, is_total=mode == b"ALL")
    return OK


@FAMILY.command("CLIENT|UNPAUSE")
def unpause(ctx: Context, _args: list[bytes]) -> Reply:
    """End the pause now."""
    ctx.engine.instance.pause.end()
    return OK
