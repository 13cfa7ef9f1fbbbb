"""Who a peer is, when the host has credentials: AUTH and HELLO before anything else; it refuses to keep passwords."""

from dataclasses import dataclass

from dotdo_redis.errors import NoAuth, NoProto, ReplyError, syntax, wrong_arity

DEFAULT_USER = "default"
_NO_AUTH = (
    "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "
    "option can be used to authenticate the client and select the RESP protocol version at the same time"
)


@dataclass(frozen=True, slots=True)
class Login:
    """What a peer says of itself.

    Args:
        user: the name in the host's credentials.
        tenant: the name or reference after a `+`; empty for the default one.
        password: as it came.
        then: the command to run once the password is right, for its reply.
    """

    user: str
    tenant: str
    password: str
    then: list[bytes]


def read_login(words: list[bytes]) -> Login:
    """Read AUTH or HELLO.

    Raises:
        NoAuth: it is another command, or HELLO without AUTH.
        ReplyError: the words do not follow the command's grammar.
    """
    name = words[0].upper()
    if name == b"AUTH":
        if not 2 <= len(words) <= 3:
            raise wrong_arity("auth") if len(words) < 2 else syntax()
        user = words[1] if len(words) == 3 else DEFAULT_USER.encode()
        return _login(user, words[-1], [b"PING"])
    if name == b"HELLO":
        return _hello(words)
    raise NoAuth


def _hello(words: list[bytes]) -> Login:
    if len(words) > 1 and words[1] not in {b"2", b"3"}:
        if not words[1].isdigit():
            raise ReplyError("Protocol version is not an integer or out of range")
        raise NoProto
    at = 2
    while at < len(words):
        if words[at].upper() == b"AUTH" and at + 2 < len(words):
            return _login(words[at + 1], words[at + 2], words[:at] + words[at + 3 :])
        at += 2
    raise NoAuth(_NO_AUTH)


def _login(user: bytes, password: bytes, then: list[bytes]) -> Login:
    name, _, tenant = user.decode("utf-8", "replace").partition("+")
    return Login(name or DEFAULT_USER, tenant, password.decode("utf-8", "replace"), then)
