"""Bloom and cuckoo filters, count-min, top-k and t-digest: replies, errors and payloads, established on RedisBloom 2.8."""

import pytest

from dotdo_redis.errors import ReplyError

ERRORS = [
    ("BF.RESERVE k x 10", "ERR bad error rate"),
    ("BF.RESERVE k 1 10", "ERR (0 < error rate range < 1) "),
    ("BF.RESERVE k 0.1 0", "ERR (capacity should be larger than 0)"),
    ("BF.RESERVE k 0.1 10 NONSCALING EXPANSION 2", "Nonscaling filters cannot expand"),
    ("BF.INSERT k CAPACITY x ITEMS a", "Bad capacity"),
    ("BF.INSERT k FOO ITEMS a", "Unknown argument received"),
    ("BF.INSERT k NOCREATE ITEMS a", "ERR not found"),
    ("BF.INFO k", "ERR not found"),
    ("BF.ADD text a", "WRONGTYPE Operation against a key holding the wrong kind of value"),
    ("CF.RESERVE k 1", "Capacity must be at least (BucketSize * 2)"),
    ("CF.RESERVE k 4 BUCKETSIZE 300", "BUCKETSIZE: value must be an integer between 1 and 255, inclusive."),
    ("CF.DEL k a", "Not found"),
    ("CMS.INITBYDIM k 0 1", "CMS: invalid width"),
    ("CMS.INITBYPROB k 0.1 1", "CMS: invalid prob value"),
    ("CMS.QUERY k a", "CMS: key does not exist"),
    ("CMS.INITBYDIM text 1 1", "CMS: key already exists"),
    ("TOPK.RESERVE k 3 5 5 0", "TopK: invalid decay value. must be '<= 1' & '> 0'"),
    ("TOPK.ADD k a", "TopK: key does not exist"),
    ("TDIGEST.CREATE k COMPRESSION 0", "ERR T-Digest: compression parameter needs to be a positive integer"),
    ("TDIGEST.ADD k 1", "ERR T-Digest: key does not exist"),
    ("TDIGEST.CREATE k FOO 1", "ERR T-Digest: wrong keyword"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), ERRORS)
def test_errors_are_redisblooms_and_make_no_key(newest, call, text):
    newest("SET", "text", "x")
    reply = newest(*call.split())
    assert isinstance(reply, ReplyError)
    assert reply.text == text
    assert newest("EXISTS", "k") == 0


CALLS = [
    (["BF.RESERVE b 0.01 2", "BF.MADD b a b c d e a", "BF.CARD b"], [b"OK", [1, 1, 1, 1, 1, 0], 5]),
    (["BF.RESERVE b 0.01 2", "BF.MADD b a b c", "BF.INFO b FILTERS"], [b"OK", [1, 1, 1], [2]]),
    (["BF.EXISTS none a", "BF.MEXISTS none a b", "BF.CARD none"], [0, [0, 0], 0]),
    (["CF.ADD c a", "CF.ADDNX c a", "CF.COUNT c a", "CF.DEL c a", "CF.DEL c a"], [1, 0, 1, 1, 0]),
    (["CF.RESERVE c 2 BUCKETSIZE 1 EXPANSION 0", "CF.INSERT c ITEMS a b"], [b"OK", [1, -1]]),
    (["CMS.INITBYPROB m 0.01 0.02", "CMS.INCRBY m a 3 b 4", "CMS.QUERY m a b c"], [b"OK", [3, 4], [3, 4, 0]]),
    (["TOPK.RESERVE t 2 50 4 0.9", "TOPK.ADD t a b c a", "TOPK.LIST t"], [b"OK", [None, None, b"a", b"b"], [b"a", b"c"]]),
    (["TDIGEST.CREATE d", "TDIGEST.ADD d 1 2 3 4 5", "TDIGEST.QUANTILE d 0.5 0.8"], [b"OK", b"OK", [3.0, 5.0]]),
    (["TDIGEST.CREATE d", "TDIGEST.ADD d 1 2 3 4 5", "TDIGEST.RANK d 0 3 9"], [b"OK", b"OK", [-1, 2, 5]]),
    (["TDIGEST.CREATE d", "TDIGEST.RANK d 0"], [b"OK", [-2]]),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "replies"), CALLS)
def test_calls_answer_as_redisbloom(newest, calls, replies):
    assert [newest(*call.split()) for call in calls] == replies


FILLED = [
    ["BF.RESERVE k 0.01 2", "BF.MADD k a b c d e f g"],
    ["CF.RESERVE k 8 BUCKETSIZE 2", "CF.INSERT k ITEMS a b c d e f g h i j k"],
    ["CMS.INITBYDIM k 10 3", "CMS.INCRBY k a 5"],
    ["TOPK.RESERVE k 3 10 3 0.9", "TOPK.ADD k a b a c d a"],
    ["TDIGEST.CREATE k COMPRESSION 20", "TDIGEST.ADD k 9 3 5 1 7 2 8 4 6 0"],
]


@pytest.mark.parametrize("calls", FILLED)
def test_a_sketch_is_carried_over_by_its_payload_and_copied_apart(newest, calls):
    for call in calls:
        newest(*call.split())
    payload = newest("DUMP", "k")
    assert newest("RESTORE", "other", 0, payload) == b"OK"
    assert newest("COPY", "k", "twin") == 1
    assert newest("TYPE", "other") == newest("TYPE", "k")
    newest(*calls[1].replace(" k ", " twin ").split())
    assert newest("DUMP", "other") == newest("DUMP", "k") == payload


@pytest.mark.parametrize(
    ("reserve", "name"), [("BF.RESERVE k 0.001 500", "BF"), ("CF.RESERVE k 500", "CF")]
)
def test_a_filter_is_carried_over_in_pieces(newest, reserve, name):
    newest(*reserve.split())
    newest(f"{name}.INSERT", "k", "ITEMS", *range(300))
    at = 0
    while True:
        at, piece = newest(f"{name}.SCANDUMP", "k", at)
        if at == 0:
            break
        assert newest(f"{name}.LOADCHUNK", "other", at, piece) == b"OK"
    assert newest("DUMP", "other") == newest("DUMP", "k")


def test_the_log_repeats_a_top_k_exactly(newest):
    newest("TOPK.RESERVE", "t", 3, 4, 2, 0.9)
    for number in range(40):
        newest.pass_ms(1)
        newest("TOPK.ADD", "t", *[f"item{(number * step) % 17}" for step in range(1, 9)])
    assert len(newest.journal) == 41
    payload = newest("DUMP", "t")
    newest("DEL", "t")
    newest.time_us -= 41_000
    newest(*newest.journal[0])
    newest.time_us += 1000
    for words in newest.journal[1:41]:
        newest.time_us += 1000
        newest(*words)
    assert newest("DUMP", "t") == payload
