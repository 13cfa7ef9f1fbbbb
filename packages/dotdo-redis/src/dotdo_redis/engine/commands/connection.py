"""Who a connection is and which database it sees: AUTH, HELLO, SELECT, RESET ...; it refuses the CLIENT command."""

from dotdo_redis.engine.arguments import integer, small_integer
from dotdo_redis.engine.commands.server import module_list
from dotdo_redis.engine.commands.transactions import end_transaction
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import NoAuth, NoProto, ReplyError, WrongPass, syntax, wrong_arity
from dotdo_redis.mapping.replies import OK, PONG, Reply, Status

FAMILY = Family()

_NOTHING_TO_PROVE = (
    "AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
_NO_AUTH_IN_HELLO = (
    "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "
    "option can be used to authenticate the client and select the RESP protocol version at the same time"
)


@FAMILY.command("PING")
def ping(ctx: Context, args: list[bytes]) -> Reply:
    """Answer PONG or the message; as a message of its own while subscribed in RESP2."""
    if len(args) > 1:
        raise wrong_arity("ping")
    if ctx.client.subscriptions and ctx.resp == 2:
        return [b"pong", args[0] if args else b""]
    return args[0] if args else PONG


@FAMILY.command("ECHO")
def echo(_ctx: Context, args: list[bytes]) -> Reply:
    """Answer the message."""
    return args[0]


@FAMILY.command("SELECT")
def select(ctx: Context, args: list[bytes]) -> Reply:
    """Make another database the client's."""
    index = small_integer(args[0])
    if not 0 <= index < len(ctx.engine.databases):
        raise ReplyError("DB index is out of range")
    ctx.select(index)
    return OK


@FAMILY.command("AUTH")
def auth(ctx: Context, args: list[bytes]) -> Reply:
    """Prove to be a user, the default one when only a password is given."""
    if len(args) > 2:
        raise syntax()
    users = ctx.engine.instance.users
    if len(args) == 1 and users.default.is_open:
        raise ReplyError(_NOTHING_TO_PROVE)
    user = args[0] if len(args) == 2 else users.default.name
    authenticate(ctx, user, args[-1])
    return OK


def authenticate(ctx: Context, name: bytes, password: bytes) -> None:
    """Make the client a user.

    Raises:
        WrongPass: no such user, it is off, or the password is wrong.
    """
    instance = ctx.engine.instance
    if not instance.users.admits(name, password):
        instance.acl_log.add(ctx, "auth", ctx.words[0], name)
        raise WrongPass
    ctx.client.user = name


class _HelloOptions:
    """What follows the version in HELLO."""

    def __init__(self, args: list[bytes]) -> None:
        self.login: tuple[bytes, bytes] | None = None
        self.name: bytes | None = None
        at = 0
        while at < len(args):
            option, left = args[at].upper(), len(args) - at - 1
            if option == b"AUTH" and left >= 2:
                self.login = args[at + 1], args[at + 2]
                at += 3
            elif option == b"SETNAME" and left >= 1:
                self.name = args[at + 1]
                at += 2
            else:
                shown = args[at].decode("utf-8", "replace")
                raise ReplyError(f"Syntax error in HELLO option '{shown}'")


@FAMILY.command("HELLO")
def hello(ctx: Context, args: list[bytes]) -> Reply:
    """Choose the protocol, and perhaps log in and take a name; answer what server this is."""
    client = ctx.client
    version = 0
    if args:
        version = integer(args[0], "Protocol version is not an integer or out of range")
        if version not in {2, 3}:
            raise NoProto
    options = _HelloOptions(args[1:])
    if options.login is not None:
        authenticate(ctx, *options.login)
    if not client.user:
        raise NoAuth(_NO_AUTH_IN_HELLO)
    if options.name is not None:
        check_name(options.name)
        client.name = options.name
    client.resp = version or client.resp
    release = ctx.engine.config.release
    return {
        b"server": b"redis",
        b"version": ".".join(map(str, release)).encode(),
        b"proto": client.resp,
        b"id": client.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": module_list(ctx, []),
    }


def check_name(name: bytes) -> None:
    """Refuse a client's name that CLIENT LIST could not show.

    Raises:
        ReplyError: it has spaces, line ends or characters beyond ASCII.
    """
    if any(not 0x21 <= byte <= 0x7E for byte in name):
        raise ReplyError("Client names cannot contain spaces, newlines or special characters.")


@FAMILY.command("RESET")
def reset(ctx: Context, _args: list[bytes]) -> Reply:
    """Make the connection as it was when it came."""
    client, engine = ctx.client, ctx.engine
    end_transaction(ctx)
    engine.subscriptions.forget(client)
    engine.audience.unmonitor(client)
    engine.instance.tracking.disable(client)
    client.flags.clear()
    client.replies = "ON"
    client.resp = 2
    client.name = b""
    client.asking = False
    ctx.select(0)
    engine.instance.greet(client)
    return Status(b"RESET")


@FAMILY.command("QUIT")
def quit_(ctx: Context, _args: list[bytes]) -> Reply:
    """Close the connection after this reply."""
    ctx.client.close()
    return OK
