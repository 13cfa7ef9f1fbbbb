"""The ACL command, and the gate that lets calls through; it refuses to keep users in a file, for there is none."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.client import close
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.dispatch import find_command
from dotdo_redis.engine.selectors import CATEGORIES, InvalidRule, Selector
from dotdo_redis.engine.users import DEFAULT
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply
from dotdo_redis.spec.modules import CATEGORIES as MODULE_CATEGORIES

FAMILY = Family()

_NO_FILE = (
    "This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
    "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
    "users in the Redis configuration."
)


@FAMILY.command("ACL|WHOAMI")
def whoami(ctx: Context, _args: list[bytes]) -> Reply:
    """The client's user."""
    return ctx.client.user


@FAMILY.command("ACL|USERS")
def users(ctx: Context, _args: list[bytes]) -> Reply:
    """All names."""
    return [user.name for user in ctx.engine.instance.users]


@FAMILY.command("ACL|LIST")
def list_(ctx: Context, _args: list[bytes]) -> Reply:
    """All users as rules."""
    is_newer = ctx.engine.config.shows(7, 2)
    lines = [user.shown(is_newer=is_newer) for user in ctx.engine.instance.users]
    return [line.encode("utf-8", "surrogateescape") for line in lines]


@FAMILY.command("ACL|CAT")
def cat(ctx: Context, args: list[bytes]) -> Reply:
    """The categories, or the commands of one."""
    if len(args) > 1:
        raise wrong_arity("acl|cat")
    if not args:
        newer = MODULE_CATEGORIES if ctx.engine.config.shows(8, 0) else ()
        return [name.encode() for name in (*CATEGORIES, *newer)]
    found = ctx.engine.instance.users.commands.by_category.get(
        args[0].decode("utf-8", "replace").lower()
    )
    if found is None:
        raise ReplyError(f"Unknown category '{args[0].decode('utf-8', 'replace')}'")
    return [name.encode() for name in sorted(found)]


@FAMILY.command("ACL|SETUSER")
def setuser(ctx: Context, args: list[bytes]) -> Reply:
    """Create or change a user by rules, all of them or none."""
    instance = ctx.engine.instance
    name = args[0]
    if b" " in name or b"\0" in name:
        raise ReplyError("Usernames can't contain spaces or null characters")
    try:
        instance.users.change(name, _joined(args[1:]))
    except InvalidRule as error:
        rule = error.args[1].decode("utf-8", "replace")
        raise ReplyError(f"Error in ACL SETUSER modifier '{rule}': {error.args[0]}") from None
    instance.guard()
    return OK


def _joined(rules: list[bytes]) -> list[bytes]:
    """Join the words of a selector that stand in parentheses."""
    joined: list[bytes] = []
    opened: list[bytes] = []
    for rule in rules:
        if opened or (rule[:1] == b"(" and rule[-1:] != b")"):
            opened.append(rule)
            if rule[-1:] == b")":
                joined.append(b" ".join(opened))
                opened = []
        else:
            joined.append(rule)
    if opened:
        shown = opened[0].decode("utf-8", "replace")
        raise ReplyError(f"Unmatched parenthesis in acl selector starting at '{shown}'.")
    return joined


@FAMILY.command("ACL|DELUSER")
def deluser(ctx: Context, args: list[bytes]) -> Reply:
    """Remove users and close their connections."""
    known = ctx.engine.instance.users
    if DEFAULT in args:
        raise ReplyError("The 'default' user cannot be removed")
    removed = {name for name in args if known.remove(name)}
    for client in list(ctx.engine.clients.values()):
        if client.user in removed:
            close(ctx, client)
    return len(removed)


@FAMILY.command("ACL|GETUSER")
def getuser(ctx: Context, args: list[bytes]) -> Reply:
    """All about a user, null when there is none."""
    user = ctx.engine.instance.users.get(args[0])
    if user is None:
        return None
    return {
        b"flags": user.flags(is_newer=ctx.engine.config.shows(7, 2)),
        b"passwords": [digest.encode() for digest in user.passwords],
        **_described(user.root),
        b"selectors": [_described(selector) for selector in user.selectors],
    }


def _described(selector: Selector) -> dict[bytes, bytes]:
    return {
        b"commands": selector.shown_commands().encode("utf-8", "surrogateescape"),
        b"keys": selector.shown_keys().encode("utf-8", "surrogateescape"),
        b"channels": selector.shown_channels().encode("utf-8", "surrogateescape"),
    }


@FAMILY.command("ACL|GENPASS")
def genpass(ctx: Context, args: list[bytes]) -> Reply:
    """Random hexadecimal digits, for so many bits."""
    if len(args) > 1:
        raise wrong_arity("acl|genpass")
    bits = integer(args[0]) if args else 256
    if not 0 < bits <= 4096:
        raise ReplyError(
            "ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
        )
    digits = (bits + 3) // 4
    return f"{ctx.engine.random.getrandbits(digits * 4):0{digits}x}".encode()


@FAMILY.command("ACL|DRYRUN")
def dryrun(ctx: Context, args: list[bytes]) -> Reply:
    """Say whether a user may make a call, without making it."""
    user = ctx.engine.instance.users.get(args[0])
    if user is None:
        raise ReplyError(f"User '{args[0].decode('utf-8', 'replace')}' not found")
    if args[1].upper() not in ctx.engine.table:
        raise ReplyError(f"Command '{args[1].decode('utf-8', 'replace')}' not found")
    command = find_command(ctx.engine.table, args[1:])
    denied = user.denial(command, args[1:])
    if denied is None:
        return OK
    shown = denied.object.decode("utf-8", "replace")
    who = (
        f"User {args[0].decode('utf-8', 'replace')}"
        if ctx.engine.config.shows(7, 2)
        else "This user"
    )
    if denied.reason == "command":
        return f"{who} has no permissions to run the '{shown}' command".encode()
    return f"{who} has no permissions to access the '{shown}' {denied.reason}".encode()


@FAMILY.command("ACL|LOG")
def log(ctx: Context, args: list[bytes]) -> Reply:
    """What was refused lately, newest first."""
    entries = ctx.engine.instance.acl_log
    if len(args) > 1:
        raise wrong_arity("acl|log")
    if args and args[0].upper() == b"RESET":
        entries.clear()
        return OK
    count = integer(args[0]) if args else 10
    return entries.shown(ctx, max(count, 0))


@FAMILY.command("ACL|LOAD", "ACL|SAVE")
def file(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is no file."""
    raise ReplyError(_NO_FILE)
