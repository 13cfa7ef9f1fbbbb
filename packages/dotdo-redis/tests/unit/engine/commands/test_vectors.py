"""Vector sets: what is kept at each quantization, exact search, filters and errors, established on Redis 8.2."""

import pytest

from dotdo_redis.errors import ReplyError

ERRORS = [
    ("VADD k VALUES 2 1 x a", "ERR invalid vector specification"),
    ("VADD k FP32 abc a", "ERR invalid vector specification"),
    ("VADD k VALUES 2 1 2", "ERR wrong number of arguments for 'VADD' command"),
    ("VADD v VALUES 3 1 2 3 b", "ERR Vector dimension mismatch - got 3 but set has 2"),
    ("VADD v VALUES 2 1 2 b NOQUANT", "ERR asked quantization mismatch with existing vector set"),
    ("VADD v VALUES 2 1 2 b FOO", "ERR invalid option after element"),
    ("VSIM v ELE nope", "ERR element not found in set"),
    ("VSIM v ELE a COUNT 0", "ERR invalid COUNT"),
    ("VSIM v ELE a FOO", "ERR syntax error in VSIM command"),
    ("VDIM k", "ERR key does not exist"),
    ("VCARD text", "WRONGTYPE Operation against a key holding the wrong kind of value"),
]


@pytest.fixture
def filled(newest):
    newest("SET", "text", "x")
    newest("VADD", "v", "VALUES", 2, 3, 4, "a")
    newest("VADD", "v", "VALUES", 2, 1, 0, "b", "SETATTR", '{"x":1}')
    newest("VADD", "v", "VALUES", 2, 0, 1, "c", "SETATTR", '{"x":2,"s":"foo","l":["a"]}')
    newest("VADD", "v", "VALUES", 2, -1, 0, "d")
    return newest


@pytest.mark.parametrize(("call", "text"), ERRORS)
def test_errors_are_the_modules_and_change_nothing(filled, call, text):
    reply = filled(*call.split())
    assert isinstance(reply, ReplyError)
    assert reply.text == text
    assert filled("EXISTS", "k") == 0
    assert filled("VCARD", "v") == 4


def test_search_tells_similarities_of_what_is_kept(filled):
    assert filled("VSIM", "v", "ELE", "a") == [b"a", b"c", b"b", b"d"]
    found = filled("VSIM", "v", "VALUES", 2, 1, 0, "WITHSCORES")
    assert found[::2] == [b"b", b"a", b"c", b"d"]
    assert found[1::2] == pytest.approx([1.0, 0.7992125749588013, 0.5, 0.0], abs=1e-6)
    assert filled("VSIM", "v", "ELE", "a", "COUNT", 2, "TRUTH") == [b"a", b"c"]
    assert filled("VSIM", "v", "ELE", "a", "EPSILON", 0.15) == [b"a", b"c"]


FILTERS = [
    (".x > 1", [b"c"]),
    (".x >= 1 and .s == 'foo'", [b"c"]),
    ('"a" in .l', [b"c"]),
    (".x in [1, 2]", [b"c", b"b"]),
    ("not .x == 1", []),
    (".x + 1 == 2", [b"b"]),
    (".x ** 2 == 4 || .x % 2 == 1", [b"c", b"b"]),
    (".nope", []),
    ("(.x - 1) * 2 == -0", [b"b"]),
]


@pytest.mark.parametrize(("expression", "names"), FILTERS)
def test_filters_look_at_attributes(filled, expression, names):
    assert filled("VSIM", "v", "ELE", "a", "FILTER", expression) == names


@pytest.mark.parametrize(
    ("expression", "near"), [(".x >", ".x >"), ("(.x", "(.x"), (".x foo 1", " 1")]
)
def test_a_broken_filter_is_told_with_where_it_breaks(filled, expression, near):
    reply = filled("VSIM", "v", "ELE", "a", "FILTER", expression)
    assert reply.text == f"ERR syntax error in FILTER expression near: {near}"


@pytest.mark.parametrize(
    ("option", "vector"),
    [("NOQUANT", [3.0, 4.0]), ("Q8", [2.992125988006592, 4.0]), ("BIN", [1.0, 1.0])],
)
def test_what_is_kept_depends_on_the_quantization(newest, option, vector):
    newest("VADD", "q", "VALUES", 2, 3, 4, "a", option)
    assert newest("VEMB", "q", "a") == pytest.approx(vector)
    payload = newest("DUMP", "q")
    newest("RESTORE", "r", 0, payload)
    newest("COPY", "q", "s")
    newest("VADD", "s", "VALUES", 2, 4, 3, "b", option)
    assert newest("VEMB", "r", "a", "RAW") == newest("VEMB", "q", "a", "RAW")
    assert newest("VCARD", "r") == newest("VCARD", "q") == 1


def test_a_set_without_elements_is_gone_and_rows_are_used_again(filled):
    assert filled("VREM", "v", "b") == 1
    assert filled("VSIM", "v", "ELE", "d", "COUNT", 1) == [b"d"]
    assert filled("VGETATTR", "v", "c") == b'{"x":2,"s":"foo","l":["a"]}'
    for name in "acd":
        filled("VREM", "v", name)
    assert filled("EXISTS", "v") == 0


def test_reduced_vectors_are_searched_in_fewer_dimensions(newest):
    newest("VADD", "r", "REDUCE", 3, "VALUES", 4, 1, 2, 3, 4, "a")
    newest("VADD", "r", "REDUCE", 3, "VALUES", 4, 4, -3, 2, -1, "b")
    assert newest("VDIM", "r") == 3
    assert newest("VSIM", "r", "VALUES", 4, 1, 2, 3, 4) == [b"a", b"b"]


def test_names_are_told_in_order_between_bounds(filled):
    assert filled("VRANGE", "v", "-", "+") == [b"a", b"b", b"c", b"d"]
    assert filled("VRANGE", "v", "(a", "[c") == [b"b", b"c"]
    assert filled("VRANGE", "v", "[b", "+", 1) == [b"b"]
