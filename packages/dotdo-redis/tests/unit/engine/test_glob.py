"""Glob patterns as Redis reads them."""

import pytest

from dotdo_redis.engine.glob import matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (b"", b"", True),
        (b"*", b"", True),
        (b"h?llo", b"hello", True),
        (b"h?llo", b"hllo", False),
        (b"h*o", b"hello", True),
        (b"h*l", b"hello", False),
        (b"*l*l*", b"hello", True),
        (b"*l*l*l*", b"hello", False),
        (b"h[ae]llo", b"hallo", True),
        (b"h[^e]llo", b"hello", False),
        (b"h[a-d]llo", b"hcllo", True),
        (b"h[d-a]llo", b"hcllo", True),
        (b"h\\*llo", b"h*llo", True),
        (b"h\\*llo", b"hello", False),
        (b"[a", b"a", True),
        (b"a*" * 30 + b"b", b"a" * 200, False),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: bytes, text: bytes, expected: bool) -> None:
    assert matches(pattern, text) is expected
