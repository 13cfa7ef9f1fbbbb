"""The door for redis-py's tests of Redis 8's families over the wire: that of its other tests, and INFO says 8.2."""

import pytest
import redis_py_wire
from redis_py_wire import pytest_unconfigure

redis_py_wire.RELEASE = "8.2.0"


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Start the server before the suite reads its options, and name it as the one with modules, too."""
    redis_py_wire.pytest_load_initial_conftests(early_config, args)
    url = args[-1].removeprefix("--redis-url=")
    args.append(f"--redis-mod-url={url}")


__all__ = ["pytest_load_initial_conftests", "pytest_unconfigure"]
