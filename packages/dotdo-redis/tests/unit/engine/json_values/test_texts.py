"""JSON text: what is read, how numbers are spelt, what is said of broken text."""

import pytest

from dotdo_redis.engine.json_values import JsonError, compact, pretty, read_json
from dotdo_redis.engine.json_values.scanning import Scanner

BROKEN = [
    (b"", "EOF while parsing a value at line 1 column 0"),
    (b"{bad", "key must be a string at line 1 column 2"),
    (b"[1,]", "trailing comma at line 1 column 4"),
    (b"01", "invalid number at line 1 column 2"),
    (b"tru", "EOF while parsing a value at line 1 column 3"),
    (b"[1", "EOF while parsing a list at line 1 column 2"),
    (b'"abc', "EOF while parsing a string at line 1 column 4"),
    (b'{"a" 1}', "expected `:` at line 1 column 6"),
    (b'{"a":1 "b"}', "expected `,` or `}` at line 1 column 8"),
    (b"nan", "expected ident at line 1 column 2"),
    (b'"a\\qb"', "invalid escape at line 1 column 4"),
    (b"1e500", "number out of range at line 1 column 5"),
    (b'"\\ud83d"', "unexpected end of hex escape at line 1 column 8"),
]
SPELT = [
    (b"1.0", b"1.0"),
    (b"1e5", b"100000.0"),
    (b"-0", b"-0.0"),
    (b"1e-7", b"1e-7"),
    (b"1e16", b"1e16"),
    (b"12345678901234567890", b"12345678901234567890"),
    (b'"\\u00e9\\ud83d\\ude00\\u0001\\/\\n"', '"é😀\\u0001/\\n"'.encode()),
    (b"1 2", b"1"),
    (b'{"a":1,"a":2}', b'{"a":2}'),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_broken_text_tells_what_was_expected_where(text, message):
    with pytest.raises(JsonError) as caught:
        read_json(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(("text", "spelt"), SPELT)
def test_values_are_spelt_as_rejson_does(text, spelt):
    assert compact(read_json(text)) == spelt
    assert compact(Scanner(text, 128).read()) == spelt


def test_indentation_leaves_empty_containers_alone():
    shown = pretty({"a": [], "o": {}, "n": [[]]}, b"  ", b"\n", b" ")
    assert shown == b'{\n  "a": [],\n  "o": {},\n  "n": [\n    []\n  ]\n}'


def test_nesting_has_a_bound():
    with pytest.raises(JsonError, match="recursion limit exceeded"):
        read_json(b"[" * 200)
