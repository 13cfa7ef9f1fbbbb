"""Hot methods without options: their words are made here, everything else is left to redis-py; it refuses to run them."""

from collections.abc import Mapping
from typing import Any

from dotdo_redis.client.short_cut import ShortCut


class PlainCalls(ShortCut):
    """Methods of redis-py whose arguments cost more than the command."""

    execute_command: Any

    def get(self, name: Any) -> Any:
        """Read a string."""
        if not self._is_direct:
            return super().get(name)  # type: ignore[misc]  # redis-py's
        return self.execute_command("GET", name)

    def set(self, name: Any, value: Any, *args: Any, **options: Any) -> Any:
        """Set a string."""
        if args or options:
            return super().set(name, value, *args, **options)  # type: ignore[misc]  # redis-py's
        return self.execute_command("SET", name, value)

    def hset(
        self,
        name: Any,
        key: Any = None,
        value: Any = None,
        mapping: Mapping[Any, Any] | None = None,
        items: Any = None,
    ) -> Any:
        """Set fields of a hash."""
        if key is None or mapping or items:
            return super().hset(name, key, value, mapping, items)  # type: ignore[misc]
        return self.execute_command("HSET", name, key, value)

    def zadd(self, name: Any, mapping: Mapping[Any, Any], *args: Any, **options: Any) -> Any:
        """Add members to a sorted set."""
        if args or options or len(mapping) != 1:
            return super().zadd(name, mapping, *args, **options)  # type: ignore[misc]
        ((member, score),) = mapping.items()
        return self.execute_command("ZADD", name, score, member)
