"""JSON commands: replies of both dialects of paths, errors, and what a key with a document is to other commands."""

import pytest

from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, OK

SAMPLE = '{"a":1,"l":[1,2,3],"s":"foo","f":1.5,"n":null,"t":true,"o":{"x":1,"a":2}}'

READS = [
    ("JSON.GET d $.a", b"[1]"),
    ("JSON.GET d .a", b"1"),
    ("JSON.GET d a", b"1"),
    ("JSON.GET d $..a", b"[1,2]"),
    ("JSON.GET d .a .s", b'{".a":1,".s":"foo"}'),
    ("JSON.GET d $.a .s", b'{"$.a":[1],".s":["foo"]}'),
    ("JSON.GET d $.nope", b"[]"),
    ("JSON.GET none", None),
    (
        "JSON.TYPE d $.*",
        [b"integer", b"array", b"string", b"number", b"null", b"boolean", b"object"],
    ),
    ("JSON.TYPE d .nope", None),
    ("JSON.STRLEN d $.*", [None, None, 3, None, None, None, None]),
    ("JSON.ARRLEN d .l", 3),
    ("JSON.OBJLEN d", 7),
    ("JSON.OBJKEYS d $.o", [[b"x", b"a"]]),
    ("JSON.ARRINDEX d .l 2", 1),
    ("JSON.ARRINDEX d .l 2 2", -1),
    ("JSON.ARRINDEX d .l 3 0 -1", -1),
    ("JSON.MGET d none $..a", [b"[1,2]", None]),
    ("JSON.RESP d .l", [b"[", 1, 2, 3]),
]
ERRORS = [
    ("JSON.GET d nope", "ERR Path '$.nope' does not exist"),
    ("JSON.GET d nope a", "ERR Path 'nope' does not exist"),
    ("JSON.SET new .a 1", "ERR new objects must be created at the root"),
    ("JSON.SET d $..zz 1", "Err wrong static path"),
    ("JSON.SET d $.l[7] 1", "ERR array index out of range"),
    ("JSON.SET d $ {bad", "key must be a string at line 1 column 2"),
    ("JSON.SET d $ 1 NX XX", "ERR syntax error"),
    ("JSON.GET text", "Existing key has wrong Redis type"),
    ("JSON.NUMINCRBY d .s 1", "ERR Path '$.s' does not exist or does not contains a number"),
    (
        "JSON.NUMINCRBY none .s 1",
        "ERR could not perform this operation on a key that doesn't exist",
    ),
    ("JSON.STRLEN d .a", "WRONGTYPE wrong type of path value - expected string but found integer"),
    ("JSON.ARRINSERT d .l 9 1", "ERR index out of bounds"),
    ("JSON.ARRAPPEND d .a 1", "ERR Path '.a' does not exist or not an array"),
    ("JSON.MSET d $", "ERR wrong number of arguments for 'json.mset' command"),
    (
        "JSON.GET d $.l[",
        (
            'Error occurred on position 4, "$.l[ <<<<----", expected one of the following: '
            "'<string>[,<string>,...]', '<number>', ['start:end:steps'], '*'."
        ),
    ),
]


@pytest.fixture
def sample(newest):
    """An engine with a document at `d` and a string at `text`."""
    newest("JSON.SET", "d", "$", SAMPLE)
    newest("SET", "text", "x")
    return newest


@pytest.mark.parametrize(("call", "reply"), READS)
def test_reads_tell_each_dialect_in_its_shape(sample, call, reply):
    assert sample(*call.split()) == reply


@pytest.mark.parametrize(("call", "text"), ERRORS)
def test_errors_are_rejsons_and_nothing_is_half_written(sample, call, text):
    reply = sample(*call.split())
    assert isinstance(reply, ReplyError)
    assert reply.text == text
    assert sample("JSON.GET", "d") == SAMPLE.encode()


WRITES = [
    (["JSON.SET d $.a 5", "JSON.GET d $.a"], [OK, b"[5]"]),
    (["JSON.SET d $.z 5 XX", "JSON.SET d $.z 5 NX", "JSON.SET d $.z 6 NX"], [None, OK, None]),
    (["JSON.SET d $..a [1]", "JSON.ARRAPPEND d $.a 2", "JSON.GET d $.o.a"], [OK, [2], b"[[1]]"]),
    (["JSON.NUMINCRBY d $..a 1", "JSON.NUMMULTBY d .f 2"], [b"[2,3]", b"3.0"]),
    (["JSON.STRAPPEND d $.s " + '"é"'], [[5]]),
    (["JSON.TOGGLE d .t", "JSON.TOGGLE d $.t"], [b"false", [1]]),
    (["JSON.ARRPOP d .l", "JSON.ARRPOP d $.l 0", "JSON.ARRTRIM d .l 5 9"], [b"3", [b"1"], 0]),
    (["JSON.ARRINSERT d .l -1 9", "JSON.GET d .l"], [4, b"[1,2,9,3]"]),
    (["JSON.CLEAR d $.*", "JSON.GET d .l"], [4, b"[]"]),
    (["JSON.DEL d $..a", "JSON.DEL d $.l[0]", "JSON.GET d .l"], [2, 1, b"[2,3]"]),
    (["JSON.MERGE d $.o " + '{"a":null,"y":{"q":null}}', "JSON.GET d .o"], [OK, b'{"x":1,"y":{}}']),
    (["JSON.DEL d", "EXISTS d"], [1, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "replies"), WRITES)
def test_writes_change_what_the_path_means(sample, calls, replies):
    assert [sample(*call.split()) for call in calls] == replies


def test_objects_lose_a_field_to_the_last_one(newest):
    newest("JSON.SET", "o", "$", '{"a":1,"b":2,"c":3,"d":4}')
    newest("JSON.DEL", "o", "$.b")
    assert newest("JSON.GET", "o") == b'{"a":1,"d":4,"c":3}'


def test_a_document_is_a_value_like_any_other(sample):
    assert sample("TYPE", "d") == b"ReJSON-RL"
    assert sample("OBJECT", "ENCODING", "d") == b"raw"
    assert sample("SCAN", 0, "TYPE", "ReJSON-RL") == [b"0", [b"d"]]
    payload = sample("DUMP", "d")
    assert sample("RESTORE", "e", 0, payload) == OK
    assert sample("COPY", "d", "f") == 1
    sample("JSON.SET", "f", "$.l[0]", "99")
    assert sample("JSON.GET", "e") == sample("JSON.GET", "d") == SAMPLE.encode()
    assert sample("EXPIRE", "d", 10) == 1
    sample.pass_ms(10_001)
    assert sample("JSON.GET", "d") is None
    reply = sample("GET", "e")
    assert isinstance(reply, ReplyError)
    assert reply.code == "WRONGTYPE"


def test_a_change_breaks_watch_and_tells_its_event(sample):
    sample("CONFIG", "SET", "notify-keyspace-events", "KEA")
    sample("WATCH", "d")
    listener = sample.other()
    sample("PSUBSCRIBE", "__keyevent@0__:*", client=listener)
    sample.pushed.clear()
    sample("JSON.NUMINCRBY", "d", "$.a", "1", client=sample.other())
    assert sample.pushed == [
        [b"pmessage", b"__keyevent@0__:*", b"__keyevent@0__:json.numincrby", b"d"]
    ]
    sample("MULTI")
    sample("JSON.SET", "d", "$", "1")
    assert sample("EXEC") is NULL_ARRAY


def test_the_newer_protocol_has_shapes_of_its_own(sample):
    sample("HELLO", 3)
    assert sample("JSON.TYPE", "d", "$.a") == [[b"integer"]]
    assert sample("JSON.TYPE", "d", ".a") == [b"integer"]
    assert sample("JSON.NUMINCRBY", "d", ".a", "1") == [2]
    assert sample("JSON.GET", "d", "FORMAT", "EXPAND", "$.l", "$.o") == [
        [[1, 2, 3]],
        [{b"x": 1, b"a": 2}],
    ]
