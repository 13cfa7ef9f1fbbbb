"""What the package says of itself."""

from dotdo_redis.engine.compatibility import declared


def test_every_command_has_one_state():
    ((supported, missing),) = [state.values() for state in declared().values()]
    assert {"GET", "XREADGROUP", "CLIENT LIST"} <= set(supported)
    assert not set(supported) & set(missing)
