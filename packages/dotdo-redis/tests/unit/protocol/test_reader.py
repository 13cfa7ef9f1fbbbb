"""How commands are cut out of bytes, and what input is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo_redis.protocol import CommandReader


def spelled(words: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def refusal(data: bytes, *, restricted: bool = False) -> str:
    reader = CommandReader()
    reader.is_restricted = restricted
    reader.feed(data)
    return str(reader.failure)


WORDS = st.lists(st.binary(max_size=40) | st.just(b"\r\n*1\r\n"), min_size=1, max_size=5)


@given(st.lists(WORDS, max_size=6), st.lists(st.integers(0, 300), max_size=8))
def test_commands_are_the_same_wherever_the_input_is_cut(commands, cuts) -> None:
    data = b"".join(map(spelled, commands))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reader = CommandReader()
    found = [c for a, b in pairwise(places) for c in reader.feed(data[a:b])]
    assert found == commands
    assert reader.failure is None


def test_a_long_word_comes_in_many_pieces() -> None:
    reader = CommandReader()
    data = spelled([b"SET", b"k", b"x" * 300_000])
    found = [c for at in range(0, len(data), 7000) for c in reader.feed(data[at : at + 7000])]
    assert found == [[b"SET", b"k", b"x" * 300_000]]
    assert reader.held_bytes == 0


def test_empty_and_negative_counts_are_passed_over() -> None:
    assert CommandReader().feed(b"*0\r\n*-10\r\n\r\n*1\r\n$4\r\nPING\r\n") == [[b"PING"]]


def test_inline_words_are_split_and_unquoted() -> None:
    reader = CommandReader()
    assert reader.feed(b"SET k \"a\\x41\\n b\" 'it\\'s'\r\nPING\n") == [
        [b"SET", b"k", b"aA\n b", b"it's"],
        [b"PING"],
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"*3000000000\r\n", "invalid multibulk length"),
        (b"*blabla\r\n", "invalid multibulk length"),
        (b"*3\r\n$3\r\nSET\r\n$x\r\n", "invalid bulk length"),
        (b"*3\r\n$3\r\nSET\r\n$-10\r\n", "invalid bulk length"),
        (b"*3\r\n$3\r\nSET\r\n$2000000000\r\n", "invalid bulk length"),
        (b"*1\r\nfooz\r\n", "expected '$', got 'f'"),
        (b"SET \"a\"b c\r\n", "unbalanced quotes in request"),
        (b"x" * 70_000, "too big inline request"),
        (b"*" + b"1" * 70_000, "too big mbulk count string"),
        (b"*1\r\n$" + b"1" * 70_000, "too big bulk count string"),
    ],
)  # fmt: skip
def test_input_that_follows_no_protocol_is_refused(data, text) -> None:
    assert refusal(data) == f"Protocol error: {text}"


def test_who_has_not_authenticated_may_send_little() -> None:
    assert refusal(b"*11\r\n", restricted=True).endswith("unauthenticated multibulk length")
    assert refusal(b"*1\r\n$16385\r\n", restricted=True).endswith("unauthenticated bulk length")


def test_commands_before_the_fault_are_given() -> None:
    reader = CommandReader()
    assert reader.feed(spelled([b"PING"]) + b"*1\r\nx\r\n") == [[b"PING"]]
    assert reader.failure is not None
    assert reader.feed(spelled([b"PING"])) == []


def test_the_restriction_can_be_lifted_by_the_command_before() -> None:
    reader = CommandReader()
    reader.is_restricted = True
    long = [b"MSET", *[b"x"] * 20]
    assert reader.feed(spelled([b"AUTH", b"x"]) + spelled(long)) == [[b"AUTH", b"x"]]
    reader.is_restricted = False
    assert reader.feed(b"") == [long]
