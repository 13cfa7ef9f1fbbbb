"""What the package says of itself."""

import pytest

from dotdo_mongo.engine.compatibility import declared


def test_what_is_refused_is_not_called_supported():
    commands = declared()["Commands"]
    assert {"find", "aggregate", "bulkWrite"} <= set(commands["supported"])
    assert {"createUser", "shardCollection"} <= set(commands["not supported"])


@pytest.mark.parametrize("title", declared())
def test_every_name_has_one_state(title):
    names = [name for state in declared()[title].values() for name in state]
    assert len(names) == len(set(names)) > 10
