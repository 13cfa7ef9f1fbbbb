"""Who is told that a key which was read has changed."""

import pytest

from dotdo_redis.errors import ReplyError


class Reader:
    """A client of RESP3 and what it was told."""

    def __init__(self, rig, *tracking: object) -> None:
        self.told: list[list[object]] = []
        self.client = rig.engine.connect(self.told.append)
        self.rig = rig
        self("HELLO", 3)
        self("CLIENT", "TRACKING", "ON", *tracking)

    def __call__(self, *words: object) -> object:
        return self.rig(*words, client=self.client)


def test_a_reader_is_told_once(rig) -> None:
    reader = Reader(rig)
    reader("GET", "k")
    rig("SET", "k", 1)
    rig("SET", "k", 2)
    assert reader.told == [[b"invalidate", [b"k"]]]


def test_all_keys_with_a_prefix_are_followed(rig) -> None:
    reader = Reader(rig, "BCAST", "PREFIX", "a:")
    rig("MSET", "a:1", 1, "b:1", 1)
    assert reader.told == [[b"invalidate", [b"a:1"]]]


def test_own_writes_are_left_out_when_asked_for(rig) -> None:
    reader = Reader(rig, "NOLOOP")
    reader("GET", "k")
    reader("SET", "k", 1)
    assert reader.told == []


def test_keys_are_followed_only_when_opted_in(rig) -> None:
    reader = Reader(rig, "OPTIN")
    reader("GET", "a")
    reader("CLIENT", "CACHING", "YES")
    reader("GET", "b")
    rig("MSET", "a", 1, "b", 1)
    assert reader.told == [[b"invalidate", [b"b"]]]


def test_a_flush_invalidates_everything(rig) -> None:
    reader = Reader(rig)
    reader("GET", "k")
    rig("FLUSHALL")
    assert reader.told == [[b"invalidate", None]]


def test_another_client_is_told_instead(rig) -> None:
    other = Reader(rig)
    reader = Reader(rig, "REDIRECT", other.client.id)
    reader("GET", "k")
    rig("SET", "k", 1)
    assert other.told == [[b"invalidate", [b"k"]]]
    assert reader.told == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("OPTIN", "OPTOUT"), "You can't use both OPTIN and OPTOUT"),
        (("BCAST", "OPTIN"), "OPTIN and OPTOUT are not compatible with BCAST"),
        (("PREFIX", "a"), "PREFIX option requires BCAST mode to be enabled"),
        (("REDIRECT", 99), "The client ID you want redirect to does not exist"),
    ],
)
def test_options_that_do_not_go_together_are_refused(rig, options, error) -> None:
    reply = rig("CLIENT", "TRACKING", "ON", *options)
    assert isinstance(reply, ReplyError)
    assert str(reply) == error


def test_a_smaller_table_forgets_keys_at_once_and_says_so(rig):
    rig("HELLO", 3)
    rig("CLIENT", "TRACKING", "ON")
    rig("MSET", "a", 1, "b", 2)
    rig("MGET", "a", "b")
    rig.pushed.clear()
    rig("CONFIG", "SET", "tracking-table-max-keys", 1)
    assert rig.pushed == [[b"invalidate", [b"a"]]]
