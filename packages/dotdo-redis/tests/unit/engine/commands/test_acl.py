"""Users, their rules and what they are refused."""

import pytest

from dotdo_redis.errors import NoAuth, NoPermission, ReplyError
from dotdo_redis.mapping.replies import OK


def text(reply: object) -> str:
    assert isinstance(reply, ReplyError)
    return reply.text


def listed(rig, *rules: str) -> str:
    """The rules of a user as ACL LIST shows them."""
    assert rig("ACL", "SETUSER", "x", "reset", *rules) == OK
    lines = [line.decode() for line in rig("ACL", "LIST")]
    [line] = [line for line in lines if line.startswith("user x ")]
    return line.removeprefix("user x ")


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        (["on", "nopass", "+@all", "-@write", "+set"], "on nopass resetchannels +@all -@write +set"),
        (["+get", "+set", "-get", "+client|id"], "off resetchannels -@all +client|id +set"),
        (["+@read", "-@read", "+get"], "off resetchannels -@all +get"),
        (["+client", "-client|kill"], "off resetchannels -@all +client -client|kill"),
        (["~a", "%R~b", "%RW~c", "&ch"], "off ~a %R~b ~c resetchannels &ch -@all"),
        (["(+get ~a)", "(-@all +@read %W~x &y)"],
         "off resetchannels -@all (~a resetchannels -@all +get) (%W~x resetchannels &y -@all +@read)"),
        (["-@all", "+get", "+@all"], "off resetchannels +@all"),
        (["+select|0"], "off resetchannels -@all +select|0"),
    ],
)  # fmt: skip
def test_rules_are_shown_as_redis_shows_them(rig, rules, shown) -> None:
    assert listed(rig, *rules) == shown


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("+badcmd", "Unknown command or category name in ACL"),
        ("+@foo", "Unknown command or category name in ACL"),
        ("foo", "Syntax error"),
        ("%X~a", "Syntax error"),
        ("+config|get|foo", "Allowing first-arg of a subcommand is not supported"),
        ("<nopass", "The password you are trying to remove from the user does not exist"),
    ],
)
def test_a_rule_that_makes_no_sense_changes_nothing(rig, rule, why) -> None:
    before = listed(rig, "+get")
    error = rig("ACL", "SETUSER", "x", "+set", rule)
    assert text(error) == f"ERR Error in ACL SETUSER modifier '{rule}': {why}"
    assert listed(rig, "+get") == before


def test_commands_keys_and_channels_are_guarded(rig) -> None:
    rig("ACL", "SETUSER", "ann", "on", ">pw", "+@all", "-flushall", "%R~r:*", "~w:*", "&c*")
    client = rig.other()
    assert rig("AUTH", "ann", "pw", client=client) == OK
    assert isinstance(rig("FLUSHALL", client=client), NoPermission)
    assert rig("GET", "r:1", client=client) is None
    assert isinstance(rig("SET", "r:1", 1, client=client), NoPermission)
    assert rig("SET", "w:1", 1, client=client) == OK
    assert isinstance(rig("PUBLISH", "d", "x", client=client), NoPermission)
    assert rig("PUBLISH", "ch", "x", client=client) == 0
    reasons = [(entry[b"reason"], entry[b"object"]) for entry in rig("ACL", "LOG")]
    assert reasons == [(b"channel", b"d"), (b"key", b"r:1"), (b"command", b"flushall")]


def test_with_a_password_new_connections_are_nobody(rig) -> None:
    rig("CONFIG", "SET", "requirepass", "secret")
    client = rig.other()
    assert isinstance(rig("GET", "k", client=client), NoAuth)
    assert text(rig("AUTH", "wrong", client=client)).startswith("WRONGPASS ")
    assert rig("AUTH", "secret", client=client) == OK
    assert rig("GET", "k", client=client) is None


def test_a_removed_user_is_disconnected(rig) -> None:
    rig("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "~*")
    client = rig.other()
    rig("AUTH", "ann", "x", client=client)
    closed: list[bool] = []
    client.on_close = lambda: closed.append(True)
    assert rig("ACL", "DELUSER", "ann") == 1
    assert closed == [True]


def test_a_script_is_guarded_too(rig) -> None:
    rig("ACL", "SETUSER", "ann", "on", "nopass", "+eval", "+get", "~a")
    client = rig.other()
    rig("AUTH", "ann", "x", client=client)
    assert rig("EVAL", "return redis.call('get','a')", 0, client=client) is None
    refused = text(rig("EVAL", "local x = redis.call('get','b') return x", 0, client=client))
    assert "can't access at least one of the keys" in refused


def test_exec_that_is_denied_aborts_also_where_nothing_was_queued(newest):
    newest("ACL", "SETUSER", "ann", "on", "nopass", "+get", "~*")
    newest("AUTH", "ann", "x")
    assert newest("EXEC").text.startswith("EXECABORT Transaction discarded because of: NOPERM")


def test_a_failed_login_is_logged_as_it_was_called(newest):
    newest("AUTH", "nobody", "x")
    newest("auth", "nobody", "x")
    assert [entry[b"object"] for entry in newest("ACL", "LOG")] == [b"auth", b"AUTH"]


def test_every_user_shows_that_payloads_are_checked(newest, rig):
    assert newest("ACL", "LIST") == [b"user default on nopass sanitize-payload ~* &* +@all"]
    assert rig("ACL", "LIST") == [b"user default on nopass ~* &* +@all"]
