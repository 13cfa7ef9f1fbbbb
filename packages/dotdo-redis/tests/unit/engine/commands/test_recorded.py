"""Sessions of few calls and the last one's reply, as Redis 7.0.15 and 8.2.3 both give it."""

import shlex

import pytest

from dotdo_redis.protocol import encode_reply

SESSIONS = [
    # (calls, the last one's reply in RESP2)
    (["EVAL \"local ok, e = pcall(redis.call, 'get') return {tostring(ok), e}\" 0"],
     "*2 $5 false $58 ERR Wrong number of args calling Redis command from script"),
    (["SET s x", "EVAL \"local _, e = pcall(redis.call, 'incr', 's') return e\" 0"],
     "$43 ERR value is not an integer or out of range"),
    (["EVAL \"local _, e = pcall(error, {code = 5}) return e.code\" 0"], ":5"),
    (["EVAL \"return redis.pcall('xgroup', 'create', 'a')\" 0"],
     "-ERR Wrong number of args calling Redis command from script"),
    (["EVAL \"return redis.pcall('xgroup', 'nosub', 'a')\" 0"], "-ERR Unknown Redis command called from script"),
    (["EVAL \"return cmsgpack.unpack(cmsgpack.pack({})) == nil\" 0"], "$-1"),
    (["XDEL nokey x"], ":0"),
    (["XADD x ' 1' a b"], "$3 1-0"),
    (["XADD x NOMKSTREAM MAXLEN 2 LIMIT 0 1-x a b"],
     "-ERR Invalid stream ID specified as stream command argument"),
    (["XGROUP CREATE x g + MKSTREAM"], "-ERR Invalid stream ID specified as stream command argument"),
    (["XGROUP CREATE x g 0 MKSTREAM", "XGROUP SETID x g +"], "+OK"),
    (["XSETID x 1-1 ENTRIESADDED MAXDELETEDID 3-*"], "-ERR value is not an integer or out of range"),
    (["SET s x", "XINFO STREAM s nosub"],
     "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    (["XPENDING x g IDLE x 0 1 1 5 c1"], "-ERR syntax error"),
    (["GEORADIUSBYMEMBER nokey m -1 km"], "*0"),
    (["GEORADIUSBYMEMBER nokey m 0 x km"], "-ERR syntax error"),
    (["GEORADIUS nokey 0 0 x km"], "-ERR need numeric radius"),
    (["SET s x", "GEORADIUSBYMEMBER s m 1 xx"],
     "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    (["GEOADD g 1 1 m", "GEOSEARCH g FROMMEMBER x BYRADIUS -1 km"], "-ERR could not decode requested zset member"),
    (["PFADD p", "GETRANGE p 15 15"], "$1 \x80"),
    (["BLPOP l -inf"], "-ERR timeout is negative"),
    (["BLMPOP x 0 l left"], "-ERR numkeys should be greater than 0"),
    (["BLMPOP 10 1 l left COUNT -2 COUNT"], "-ERR count should be greater than 0"),
    (["SELECT 2147483648"], "-ERR value is out of range, value must between -2147483648 and 2147483647"),
    (["SINTERCARD 1 t LIMIT 1 LIMIT 2"], ":0"),
    (["SINTERCARD 1 t LIMIT -1 x"], "-ERR LIMIT can't be negative"),
    (["ZRANGE z 0 1 BYLEX REV WITHSCORES REV"], "-ERR syntax error"),
    (["HRANDFIELD h x y"], "-ERR value is not an integer or out of range"),
    (["PUBSUB CHANNELS a b"],
     "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP."),
    (["SCAN +1 COUNT 5"], "*2 $1 0 *0"),
    (["SINTERCARD 2 a b LIMIT 1 x"], "-ERR syntax error"),
    (["BITCOUNT s 4 x -3 BYTE"], "-ERR syntax error"),
    (["SWAPDB 4294967296 99"], "-ERR invalid first DB index"),
    (["XGROUP CREATE x g 2-1 MKSTREAM ENTRIESREAD 6 MKSTREAM"],
     "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP."),
    (["SET s 1", "GETEX s EX 10 EX 20", "TTL s"], ":20"),
    (["SET s 1 EX 10 EX 20", "TTL s"], ":20"),
    (["XADD x 1-1 a b", "XRANGE x - + COUNT 0"], "*-1"),
    (["LPOS l x RANK -9223372036854775808"],
     "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"),
    (["EVAL \"return redis.call('blmove', 'a', 'b', 'left', 'left', 0)\" 0"], "$-1"),
    (["RPUSH l 007 a", "SORT l BY w_* DESC ALPHA"], "*2 $3 007 $1 a"),
    (["XGROUP SETID x g $ ENTRIESREAD -2 y"], "-ERR value for ENTRIESREAD must be positive or -1"),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "reply"), SESSIONS, ids=lambda one: str(one)[:60])
def test_a_session_ends_with_the_reply_that_was_recorded(newest, calls, reply):
    for call in calls:
        found = newest(*shlex.split(call))
    assert encode_reply(found, 2).decode("latin1").replace("\r\n", " ").rstrip() == reply


def test_a_time_that_is_over_is_not_kept(rig):
    rig("PSETEX", "a", 1, "x")
    rig.pass_ms(5)
    rig("SET", "a", "y", "KEEPTTL")
    assert rig("GET", "a") == b"y"


@pytest.mark.parametrize("call", ["SET a x", "MSET a x", "SETEX a 10 x", "SINTERSTORE a t t"])
def test_a_key_that_is_over_is_told_before_it_is_replaced(rig, call):
    rig("CONFIG", "SET", "notify-keyspace-events", "Ex")
    rig("SADD", "t", "m")
    rig("PSUBSCRIBE", "*", client=rig.other())
    rig.pushed.clear()
    rig("PSETEX", "a", 1, "x")
    rig.time_us += 5000
    rig(*call.split())
    assert [push[2] for push in rig.pushed] == [b"__keyevent@0__:expired"]


def test_acknowledging_leaves_the_key_to_be_written(rig):
    rig("XADD", "x", "1-1", "a", "b")
    rig("XGROUP", "CREATE", "x", "g", "0")
    rig("XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">")
    rig.engine.databases[0].dirty = {}
    rig("XACK", "x", "g", "1-1")
    assert rig.engine.databases[0].dirty == {b"x": None}


@pytest.mark.parametrize(
    "call",
    ["XGROUP SETID x g 0", "XGROUP CREATECONSUMER x g c", "XGROUP DESTROY x g", "XSETID x 9-9"],
)
def test_what_stands_beside_the_entries_breaks_no_watch(rig, call):
    rig("XADD", "x", "1-1", "a", "b")
    rig("XGROUP", "CREATE", "x", "g", "0")
    rig("WATCH", "x")
    rig(*call.split(), client=rig.other())
    rig("MULTI")
    assert rig("EXEC") == []


@pytest.mark.parametrize(
    "call", ["GET a", "ZUNIONSTORE z 1 a", "SET a x GET", "GETSET a x", "LRANGE a 0 -1"]
)
def test_a_key_that_is_read_in_vain_is_an_event_when_asked_for(rig, call):
    rig("CONFIG", "SET", "notify-keyspace-events", "Em")
    rig("PSUBSCRIBE", "*", client=rig.other())
    rig.pushed.clear()
    rig(*call.split())
    assert [push[2:] for push in rig.pushed] == [[b"__keyevent@0__:keymiss", b"a"]]


@pytest.mark.parametrize(
    ("number", "text"),
    [("3e-5", b"0.00003"), ("0.00012345", b"1.2345e-4"), ("1e17", b"100000000000000000"), ("1e22", b"1e+22"),
     ("12345678901234567890", b"12345678901234567000"), ("1.5e-7", b"1.5e-7"), ("-0.1", b"-0.1"), ("-inf", b"-inf")],
)  # fmt: skip
@pytest.mark.parametrize(("protocol", "form"), [(2, b"$%d\r\n%b\r\n"), (3, b",%b\r\n")])
def test_doubles_are_spelled_as_they_have_been_since_7_2(newest, number, text, protocol, form):
    newest("ZADD", "z", number, "m")
    reply = encode_reply(newest("ZSCORE", "z", "m"), protocol)
    assert reply == (form % (len(text), text) if protocol == 2 else form % text)


# -- commands of 8.0 and 8.2, as 8.2.3 answers them

NEWER = [
    (["HGETDEL h FIELDS 0 a"], "-ERR Number of fields must be a positive integer"),
    (["HSET h a 1 b 2", "HGETDEL h FIELDS 2 a x"], "*2 $1 1 $-1"),
    (["HSET h a 1", "HGETDEL h FIELDS 1 a", "EXISTS h"], ":0"),
    (["HSET h a 1", "HGETEX h EX 0 FIELDS 1 a", "EXISTS h"], ":0"),
    (["HSET h a 1", "HGETEX h PXAT 9999999999999 FIELDS 1 a", "HPEXPIRETIME h FIELDS 1 a"], "*1 :9999999999999"),
    (["HSETEX h PXAT 9999999999999 FIELDS 1 a 1", "HGETEX h PERSIST FIELDS 1 a", "HTTL h FIELDS 1 a"], "*1 :-1"),
    (["HSETEX h FXX FIELDS 1 a 1"], ":0"),
    (["HSETEX h FNX FNX FIELDS 1 a 1"], "-ERR Only one of FXX or FNX arguments can be specified"),
    (["HSETEX h EX 10 KEEPTTL FIELDS 1 a b"], "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"),
    (["HSETEX h PERSIST FIELDS 1 a b"], "-ERR unknown argument: PERSIST"),
    (["HSETEX h FIELDS 2 a b"], "-ERR wrong number of arguments for 'hsetex' command"),
    (["XDELEX x IDS 1 x"], "*1 :-1"),
    (["XADD x 1-1 a b", "XDELEX x IDS 2 1-1 2-2"], "*2 :1 :-1"),
    (["XADD x 1-1 a b", "XGROUP CREATE x g 0", "XDELEX x ACKED IDS 1 1-1"], "*1 :2"),
    (["XDELEX x IDS 2 1-1"], "-ERR The `numids` parameter must match the number of arguments"),
    (["XADD x 1-1 a b", "XGROUP CREATE x g 0", "XREADGROUP GROUP g c STREAMS x >", "XACKDEL x g IDS 1 1-1",
      "XPENDING x g"], "*4 :0 $-1 $-1 *-1"),
    (["XADD x 1-1 a b", "XGROUP CREATE x g 0", "XREADGROUP GROUP g c STREAMS x >", "XADD x DELREF MAXLEN 1 2-2 a b",
      "XPENDING x g"], "*4 :0 $-1 $-1 *-1"),
    (["XADD x 1-1 a b", "XGROUP CREATE x g 0", "XADD x ACKED MAXLEN 1 2-2 a b", "XLEN x"], ":2"),
    (["SET a abc", "SET b a", "BITOP DIFF d a b", "GET d"], "$3 \x00bc"),
    (["SET a a", "SET b b", "SET c c", "BITOP ONE d a b c", "GETBIT d 7"], ":0"),
    (["BITOP ANDOR d a"], "-ERR BITOP ANDOR must be called with at least two source keys."),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "reply"), NEWER, ids=lambda one: str(one)[:60])
def test_newer_commands_end_with_the_reply_that_was_recorded(newest, calls, reply):
    rig = type(newest)((8, 2, 3))
    for call in calls:
        found = rig(*shlex.split(call))
    assert encode_reply(found, 2).decode("latin1").replace("\r\n", " ").rstrip() == reply


def test_moving_within_a_transaction_answers_null(rig):
    rig("MULTI")
    rig("BLMOVE", "a", "b", "LEFT", "LEFT", 0)
    assert rig("EXEC") == [None]
