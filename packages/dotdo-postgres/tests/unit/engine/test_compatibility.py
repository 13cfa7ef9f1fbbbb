"""What the package says of itself."""

import pytest

from dotdo_postgres.engine.compatibility import declared


@pytest.mark.parametrize(
    ("title", "there", "missing"),
    [
        ("Statements", "Create Table As", "Create Publication"),
        ("Types", "timestamp with time zone", "money"),
        ("Functions", "now", None),
        ("Operators", "||", "?-|"),
    ],
)
def test_every_name_has_one_state_which_is_its_own(title, there, missing):
    states = declared()[title]
    names = [name for state in states.values() for name in state]
    assert len(names) == len(set(names))
    assert there in {*states["supported"], *states.get("supported for some types", ())}
    assert missing is None or missing in states["not supported"]
