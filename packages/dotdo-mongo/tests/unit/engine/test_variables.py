"""A command's `let`."""

from typing import Any

import pytest

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.variables import command_variables
from dotdo_mongo.errors import CommandFailure


def test_expressions_are_evaluated_in_order() -> None:
    given = {"a": {"$add": [1, 2]}, "b": {"$multiply": ["$$a", 2]}, "c": "$$REMOVE"}
    assert command_variables(given, Context()) == {"a": 3, "b": 6}


@pytest.mark.parametrize(
    ("let", "code"),
    [
        ({"ROOT": 1}, 9),
        ({"NOW": 1}, 4738901),
        ({"a": "$$b", "b": 1}, 17276),
        ({"a": "$x"}, 4890500),
        ({"a": "$$NOW"}, 51144),
    ],
)
def test_wrong_variables_are_refused(let: dict[str, Any], code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        command_variables(let, Context())
    assert failure.value.code == code
