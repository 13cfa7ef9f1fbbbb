"""Time series: samples, ranges, buckets, labels, rules and errors, established on RedisTimeSeries 1.12."""

import pytest

from dotdo_redis.errors import ReplyError

ERRORS = [
    ("TS.CREATE k RETENTION x", "ERR TSDB: Couldn't parse RETENTION"),
    ("TS.CREATE k CHUNK_SIZE 47", "ERR TSDB: CHUNK_SIZE value must be a multiple of 8 in the range [48 .. 1048576]"),
    ("TS.CREATE k DUPLICATE_POLICY foo", "ERR TSDB: Unknown DUPLICATE_POLICY"),
    ("TS.ADD k x 1", "ERR TSDB: invalid timestamp"),
    ("TS.ADD k 1 nan", "ERR TSDB: invalid value"),
    ("TS.ADD k -1 1", "ERR TSDB: invalid timestamp, must be a nonnegative integer"),
    ("TS.GET k", "ERR TSDB: the key does not exist"),
    ("TS.RANGE text - +", "ERR WRONGTYPE Operation against a key holding the wrong kind of value"),
    ("TS.ADD text 1 1", "ERR TSDB: the key is not a TSDB key"),
    ("TS.MGET FILTER n!=x", "ERR TSDB: please provide at least one matcher"),
    ("TS.MGET FILTER n", "ERR TSDB: failed parsing labels"),
    ("TS.CREATERULE k k AGGREGATION avg 1", "ERR TSDB: the source key and destination key should be different"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), ERRORS)
def test_errors_are_the_modules_and_make_no_key(newest, call, text):
    newest("SET", "text", "x")
    reply = newest(*call.split())
    assert isinstance(reply, ReplyError)
    assert reply.text == text
    assert newest("EXISTS", "k") == 0


RANGES = [
    ("TS.RANGE a - +", [(1, b"2"), (7, b"2.5"), (10, b"3")]),
    ("TS.REVRANGE a - + COUNT 2", [(10, b"3"), (7, b"2.5")]),
    ("TS.RANGE a - + AGGREGATION avg 5", [(0, b"2"), (5, b"2.5"), (10, b"3")]),
    ("TS.RANGE a - + AGGREGATION count 10 COUNT 1", [(0, b"2")]),
    ("TS.RANGE a - + ALIGN 3 AGGREGATION sum 5", [(0, b"2"), (3, b"2.5"), (8, b"3")]),
    ("TS.RANGE a - + AGGREGATION min 2 BUCKETTIMESTAMP mid", [(1, b"2"), (7, b"2.5"), (11, b"3")]),
    ("TS.RANGE a 5 + AGGREGATION last 2 EMPTY", [(6, b"2.5"), (8, b"2.5"), (10, b"3")]),
    ("TS.RANGE a 5 + AGGREGATION avg 2 EMPTY", [(6, b"2.5"), (8, b"NaN"), (10, b"3")]),
    ("TS.RANGE a - + AGGREGATION twa 5", [(0, b"2.1666666666666665"), (5, b"2.6166666666666667"), (10, b"3")]),
    ("TS.RANGE a - + AGGREGATION std.p 10", [(0, b"2.5E-1"), (10, b"0")]),
    ("TS.RANGE a - + FILTER_BY_TS 1 10 FILTER_BY_VALUE 2.5 9", [(10, b"3")]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "samples"), RANGES)
def test_ranges_are_filtered_and_put_into_buckets(newest, call, samples):
    for sample in ("1 2", "10 3", "7 2.5"):
        newest("TS.ADD", "a", *sample.split())
    found = newest(*call.split())
    assert [time for time, _ in found] == [time for time, _ in samples]
    assert [float(value) for _, value in found] == pytest.approx(
        [float(value) for _, value in samples], nan_ok=True
    )


@pytest.mark.parametrize(
    ("policy", "kept"),
    [("LAST", b"5"), ("FIRST", b"2"), ("MIN", b"2"), ("MAX", b"5"), ("SUM", b"7")],
)
def test_a_policy_decides_about_a_second_sample_of_a_time(newest, policy, kept):
    newest("TS.CREATE", "a", "DUPLICATE_POLICY", policy)
    newest("TS.ADD", "a", 1, 2)
    newest("TS.ADD", "a", 1, 5)
    assert newest("TS.GET", "a") == [1, kept]
    refused = newest("TS.ADD", "a", 1, 9, "ON_DUPLICATE", "BLOCK")
    assert "DUPLICATE_POLICY is set to BLOCK" in refused.text


def test_what_is_older_than_the_retention_is_neither_told_nor_taken(newest):
    newest("TS.CREATE", "a", "RETENTION", 100)
    for time in (1, 200):
        newest("TS.ADD", "a", time, 1)
    assert newest("TS.RANGE", "a", "-", "+") == [[200, b"1"]]
    assert newest("TS.ADD", "a", 50, 1).text == "ERR TSDB: Timestamp is older than retention"


def test_labels_choose_and_group_series(newest):
    for key, labels in (("s1", "n x t 1"), ("s2", "n x t 2"), ("s3", "n y t 1")):
        newest("TS.CREATE", key, "LABELS", *labels.split())
    newest("TS.MADD", "s1", 1, 1, "s1", 5, 2, "s2", 1, 10, "s3", 5, 7)
    assert newest("TS.QUERYINDEX", "n=(x,y)", "t!=2") == [b"s1", b"s3"]
    assert newest("TS.MGET", "SELECTED_LABELS", "t", "FILTER", "n=x") == [
        [b"s1", [[b"t", b"1"]], [5, b"2"]],
        [b"s2", [[b"t", b"2"]], [1, b"10"]],
    ]
    grouped = newest("TS.MRANGE", "-", "+", "FILTER", "n=(x,y)", "GROUPBY", "t", "REDUCE", "sum")
    assert grouped == [[b"t=1", [], [[1, b"1"], [5, b"9"]]], [b"t=2", [], [[1, b"10"]]]]


def test_a_rule_compacts_what_comes_and_follows_changes(newest):
    for key in ("raw", "mean"):
        newest("TS.CREATE", key)
    newest("TS.CREATERULE", "raw", "mean", "AGGREGATION", "avg", 10)
    for time, value in ((12, 4), (15, 6), (21, 8)):
        newest("TS.ADD", "raw", time, value)
    assert newest("TS.RANGE", "mean", "-", "+") == [[10, b"5"]]
    assert newest("TS.RANGE", "mean", "-", "+", "LATEST")[-1] == [20, b"8"]
    newest("TS.ADD", "raw", 13, 20)
    assert newest("TS.GET", "mean") == [10, b"10"]
    newest("TS.DEL", "raw", 12, 15)
    assert newest("TS.RANGE", "mean", "-", "+") == []
    newest("RENAME", "mean", "other")
    newest("TS.ADD", "raw", 35, 1)
    assert newest("TS.GET", "other") == [20, b"8"]
    payload = newest("DUMP", "raw")
    assert newest("RESTORE", "copy", 0, payload) == b"OK"
    assert newest("TS.RANGE", "copy", "-", "+") == newest("TS.RANGE", "raw", "-", "+")


def test_the_log_has_times_in_place_of_stars(newest):
    newest("TS.ADD", "a", "*", 1)
    newest("TS.MADD", "a", "*", 1)
    newest("TS.INCRBY", "b", 5)
    now = b"%d" % (newest.time_us // 1000)
    assert newest.journal[0] == (b"TS.ADD", b"a", now, b"1")
    assert newest.journal[1] == (b"TS.MADD", b"a", now, b"1")
    assert newest.journal[2][-2:] == (b"TIMESTAMP", now)
