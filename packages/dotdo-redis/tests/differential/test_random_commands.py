"""Random sequences of commands answer, and leave behind, what a real redis-server does.

`DOTDO_DIFFERENTIAL_SEQUENCES` says how many sequences are run; `DOTDO_REAL_REDIS` which server answers.
"""

import os
import re
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dotdo_redis.engine import Blocked
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.numbers_text import double_text
from dotdo_redis.engine.rdb import restore
from dotdo_redis.engine.types import type_name
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY

SEQUENCES = int(os.environ.get("DOTDO_DIFFERENTIAL_SEQUENCES", "0"))
CONFIG = Config((7, 0, 15))
KEYS = [b"a", b"b", b"c", b"d", b"e"]
EXTREMES = [
    b"x",
    b"1.5",
    b"",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"4294967296",
    b"100",
    b"-100",
]
FLOATS = (
    b"0 1 -1.5 3.25 1e3 inf -inf nan abc 0.1 3.0e-5 1.1 100000000000000000000 0x10 -0 1e308".split()
)
VALUES = [
    b"",
    b"x",
    b"1",
    b"-5",
    b"10",
    b"3.5",
    b"abc",
    b"9223372036854775807",
    b"foobar" * 8,
    b"foobar" * 15,
    b"\x00\xff\x01",
    b"007",
    b"hello world",
    b"1e5",
    b"-0",
    b" 1",
]
MEMBERS = [
    *(b"m%d" % n for n in range(5)),
    *(b"%d" % n for n in range(-3, 8)),
    b"x",
    b"",
    b"L" * 80,
]
SMALL = [b"%d" % number for number in range(-6, 7)]
KINDS = {
    "key": KEYS,
    "val": VALUES,
    "num": SMALL * 3 + EXTREMES,
    "small": SMALL,
    "float": FLOATS,
    "score": [b"1", b"2", b"3", b"2.5", b"-1", b"0", b"inf", b"-inf", b"1.1", b"x"],
    "bitat": [b"%d" % number for number in (0, 1, 3, 7, 8, 15, 17, 63, 100, -1)],
    "field": MEMBERS,
    "member": MEMBERS,
    "bound": b"1 2 -inf +inf 0 3 2.5 (1 (2 (0 (-inf ( x".split(),
    "lex": b"- + [m1 [m3 [x [ (m1 (m3 ( [0 x".split(),
}
KINDS["field"] = [b"u8", b"i5", b"i64", b"u1", b"u63", b"u64", b"m0", b"m1", b"m2", b"1", b"L" * 80]


def parse(text):
    """The parts of a form: ("word", text), ("maybe", parts), ("one", alternatives), ("many", part)."""
    tokens = re.findall(r"\[|\]|[^\s\[\]]+", text)
    parts, rest = _sequence(tokens)
    assert not rest, text
    return parts


def _sequence(tokens):
    parts = []
    while tokens and tokens[0] != "]":
        token = tokens.pop(0)
        if token == "[":
            inner, tokens = _sequence(tokens)
            assert tokens.pop(0) == "]"
            parts.append(("maybe", inner))
        else:
            parts.append(("one", token))
    return parts, tokens


@st.composite
def calls(draw, forms):
    form = draw(st.sampled_from(forms))
    words = []
    _make(draw, form, words)
    return words


def _make(draw, parts, words):
    for kind, part in parts:
        if kind == "maybe":
            if draw(st.integers(0, 2)) == 0:
                _alternatives(draw, part, words)
            continue
        if part.endswith("+") and part[:-1] in KINDS:
            words += draw(st.lists(st.sampled_from(KINDS[part[:-1]]), min_size=1, max_size=3))
        elif part in KINDS:
            words.append(draw(st.sampled_from(KINDS[part])))
        else:
            chosen = draw(st.sampled_from(part.split("|")))
            words.append(
                draw(st.sampled_from(KINDS[chosen])) if chosen in KINDS else chosen.encode()
            )


def _alternatives(draw, parts, words):
    """Inside brackets a bar separates whole alternatives."""
    choices = [[]]
    for kind, part in parts:
        if kind == "maybe" or "|" not in part:
            choices[-1].append((kind, part))
            continue
        first, *others = part.split("|")
        choices[-1].append(("one", first))
        choices += [[("one", other)] for other in others]
    _make(draw, draw(st.sampled_from(choices)), words)


FORMS = [
    parse(line)
    for line in (Path(__file__).parent / "forms.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def shown(reply):
    """A reply of ours as RESP2 shows it."""
    if isinstance(reply, ReplyError):
        return "error", reply.text
    if reply is NULL_ARRAY:
        return None
    if isinstance(reply, dict):
        return [shown(item) for pair in reply.items() for item in pair]
    if isinstance(reply, list | tuple):
        return [shown(item) for item in reply]
    if isinstance(reply, float):
        return double_text(reply, CONFIG)
    return bytes(reply) if isinstance(reply, bytes) else reply


UNORDERED = {
    b"SMEMBERS", b"SUNION", b"SINTER", b"SDIFF", b"KEYS", b"HKEYS", b"HVALS", b"SPOP", b"SRANDMEMBER",
    b"ZRANDMEMBER", b"HRANDFIELD", b"HGETALL", b"SORT", b"SORT_RO",
}  # fmt: skip


def comparable(words, reply):
    """What of a reply is fixed: not the order of hash tables, nor moments."""
    name = words[0]
    if not isinstance(reply, list):
        return (
            "soon"
            if name in {b"TTL", b"EXPIRETIME"} and isinstance(reply, int) and reply > 0
            else reply
        )
    if name == b"EXEC":
        return len(reply)
    if name.startswith(b"SORT") and b"BY" in words and b"LIMIT" in words:
        return len(reply)  # which of equals, and of a set's members, is not fixed
    if name in UNORDERED and (not name.startswith(b"SORT") or b"BY" in words):
        return sorted(reply, key=repr)
    if name in {b"SSCAN", b"HSCAN", b"SCAN", b"ZSCAN"}:
        return reply[0], sorted(reply[1], key=repr)
    return reply


def contents(value):
    """A value without the order of hash tables."""
    kind = type_name(value)
    if kind == b"string":
        return kind, bytes(value)
    if kind == b"list":
        return kind, list(value)
    if kind == b"hash":
        return kind, value.fields
    return kind, value.scores if kind == b"zset" else set(value.members)


def run(rig, real, sequence):
    real.ask([b"UNWATCH"], [b"DISCARD"], [b"SELECT", b"0"], [b"FLUSHALL"])
    rig.engine.execute(rig.client, [b"DISCARD"])
    rig.engine.execute(rig.client, [b"FLUSHALL"])
    rig.engine.execute(rig.client, [b"UNWATCH"])
    for words, expected in zip(sequence, real.ask(*sequence), strict=True):
        reply = rig.engine.execute(rig.client, words)
        if isinstance(reply, Blocked):
            rig.engine.time_out(reply)
            reply = reply.reply
        assert comparable(words, shown(reply)) == comparable(words, expected), words
    real.ask([b"DISCARD"])
    rig.engine.execute(rig.client, [b"DISCARD"])
    for key, payload in zip(KEYS, real.ask(*([b"DUMP", key] for key in KEYS)), strict=True):
        ours = rig.engine.execute(rig.client, [b"DUMP", key])
        assert (ours is None) == (payload is None), key
        if ours is not None and ours != payload:
            assert ours[:1] == payload[:1], key
            assert contents(restore(ours, CONFIG)) == contents(restore(payload, CONFIG)), key


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(
    max_examples=SEQUENCES or 60,
    derandomize=not SEQUENCES,
    database=None,
    deadline=None,
    suppress_health_check=QUIET,
    phases=[Phase.generate, Phase.shrink],
)
@given(sequence=st.lists(calls(FORMS), min_size=1, max_size=40))
def test_random_commands_answer_as_the_real_server(sequence, rig, real):
    rig.engine.journal = None
    rig.time_us = time.time_ns() // 1000
    run(rig, real, sequence)
