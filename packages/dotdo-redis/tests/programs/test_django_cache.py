"""Django's own Redis cache, on the wire with the real client."""

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache


@pytest.fixture
def cache(url) -> RedisCache:
    if not settings.configured:
        settings.configure()
    return RedisCache(url, {"KEY_PREFIX": "app", "TIMEOUT": 300})


def test_what_was_set_is_found_until_it_is_deleted(cache) -> None:
    cache.set("k", {"a": [1, 2]}, timeout=60)
    assert cache.get("k") == {"a": [1, 2]}
    assert cache.has_key("k")
    assert cache.touch("k", 10)
    assert cache.delete("k")
    assert cache.get("k", "nothing") == "nothing"


def test_add_does_not_replace_and_numbers_are_counted(cache) -> None:
    assert cache.add("n", 1)
    assert not cache.add("n", 5)
    assert cache.incr("n", 4) == 5
    assert cache.decr("n") == 4
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")


def test_many_at_once_and_all(cache) -> None:
    assert cache.set_many({"a": 1, "b": "x"}, timeout=30) == []
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": "x"}
    cache.delete_many(["a"])
    assert cache.get_or_set("a", lambda: 7) == 7
    cache.clear()
    assert cache.get_many(["a", "b"]) == {}
