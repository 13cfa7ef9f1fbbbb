"""CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO; it refuses to find out who reads what."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.tracking import TrackingState
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import OK, Reply, SetReply

FAMILY = Family()


class _Options:
    """What follows ON or OFF."""

    def __init__(self, ctx: Context, args: list[bytes]) -> None:
        self.redirect = 0
        self.is_broadcast = self.noloop = False
        self.modes: set[str] = set()
        self.prefixes: list[bytes] = []
        words = iter(args)
        for word in words:
            option = word.upper()
            if option in {b"REDIRECT", b"PREFIX"}:
                value = next(words, None)
                if value is None:
                    raise syntax()
                self._take(ctx, option, value)
            elif option == b"BCAST":
                self.is_broadcast = True
            elif option in {b"OPTIN", b"OPTOUT"}:
                self.modes.add(option.decode().lower())
            elif option == b"NOLOOP":
                self.noloop = True
            else:
                raise syntax()

    def _take(self, ctx: Context, option: bytes, value: bytes) -> None:
        if option == b"PREFIX":
            self.prefixes.append(value)
            return
        if self.redirect:
            raise ReplyError("A client can only redirect to a single other client")
        self.redirect = integer(value)
        if self.redirect not in ctx.engine.clients:
            raise ReplyError("The client ID you want redirect to does not exist")


@FAMILY.command("CLIENT|TRACKING")
def tracking(ctx: Context, args: list[bytes]) -> Reply:
    """Be told of changes of what was read (or of all keys with a prefix), or no longer."""
    client, everybody = ctx.client, ctx.engine.instance.tracking
    options = _Options(ctx, args[1:])
    switch = args[0].upper()
    if switch == b"OFF":
        everybody.disable(client)
        return OK
    if switch != b"ON":
        raise syntax()
    before = client.tracking
    _check(before, options)
    if before is not None and before.is_broadcast and options.is_broadcast:
        _check_overlap(list(before.prefixes), options.prefixes)
    state = TrackingState(
        options.redirect,
        is_broadcast=options.is_broadcast,
        mode="".join(options.modes),
        noloop=options.noloop,
    )
    state.prefixes = dict(before.prefixes) if before is not None else {}
    if options.is_broadcast:
        state.prefixes.update(dict.fromkeys(options.prefixes or [b""]))
    everybody.enable(client, state)
    return OK


def _check(before: TrackingState | None, options: _Options) -> None:
    if options.prefixes and not options.is_broadcast:
        raise ReplyError("PREFIX option requires BCAST mode to be enabled")
    if before is not None and before.is_broadcast != options.is_broadcast:
        raise ReplyError(
            "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it "
            "with a different mode."
        )
    if options.is_broadcast and options.modes:
        raise ReplyError("OPTIN and OPTOUT are not compatible with BCAST")
    if len(options.modes) > 1:
        raise ReplyError("You can't use both OPTIN and OPTOUT")
    if before is not None and before.mode and options.modes and before.mode not in options.modes:
        raise ReplyError(
            "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it "
            "with a different mode."
        )
    _check_overlap([], options.prefixes)


def _check_overlap(known: list[bytes], added: list[bytes]) -> None:
    for at, prefix in enumerate(added):
        for other in known:
            if prefix.startswith(other) or other.startswith(prefix):
                raise ReplyError(_overlap(prefix, other, "an existing"))
        for other in added[at + 1 :]:
            if prefix.startswith(other) or other.startswith(prefix):
                raise ReplyError(_overlap(prefix, other, "another provided"))


def _overlap(prefix: bytes, other: bytes, which: str) -> str:
    first, second = (text.decode("utf-8", "replace") for text in (prefix, other))
    return f"Prefix '{first}' overlaps with {which} prefix '{second}'. Prefixes for a single client must not overlap."


@FAMILY.command("CLIENT|CACHING")
def caching(ctx: Context, args: list[bytes]) -> Reply:
    """Say whether the keys of the next command are followed."""
    state = ctx.client.tracking
    mode = state.mode if state is not None else ""
    if state is None or not mode:
        raise ReplyError(
            "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
        )
    word = args[0].lower()
    if word == b"yes":
        if mode != "optin":
            raise ReplyError(
                "CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
            )
        state.caching = True
    elif word == b"no":
        if mode != "optout":
            raise ReplyError(
                "CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
            )
        state.caching = False
    else:
        raise syntax()
    return OK


@FAMILY.command("CLIENT|GETREDIR")
def getredir(ctx: Context, _args: list[bytes]) -> Reply:
    """The number of the client that is told in this one's place; -1 without tracking."""
    state = ctx.client.tracking
    return -1 if state is None else state.redirect


@FAMILY.command("CLIENT|TRACKINGINFO")
def trackinginfo(ctx: Context, _args: list[bytes]) -> Reply:
    """How this client is told."""
    state = ctx.client.tracking
    if state is None:
        return {b"flags": SetReply([b"off"]), b"redirect": -1, b"prefixes": []}
    flags = [b"on"]
    if state.is_broadcast:
        flags.append(b"bcast")
    if state.mode:
        flags.append(state.mode.encode())
        if state.caching is not None:
            flags.append(b"caching-yes" if state.caching else b"caching-no")
    if state.noloop:
        flags.append(b"noloop")
    if state.is_broken:
        flags.append(b"broken_redirect")
    prefixes = sorted(state.prefixes) if state.is_broadcast else []
    return {b"flags": SetReply(flags), b"redirect": state.redirect, b"prefixes": prefixes}
