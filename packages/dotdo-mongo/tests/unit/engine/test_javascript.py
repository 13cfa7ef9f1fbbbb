"""JavaScript, where QuickJS is installed."""

from typing import Any

import pytest
from bson import DatetimeMS, Int64, ObjectId

from dotdo_mongo.engine import javascript
from dotdo_mongo.errors import CommandFailure

pytest.importorskip("quickjs")


def call(source: str, *args: Any) -> Any:
    run = javascript.runner()
    assert run is not None
    return run(source, list(args))


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "é", [1.0, {"a": []}], Int64(2**60), ObjectId(), DatetimeMS(1), {"t": "oid"}],
)
def test_values_come_back_as_they_went(value: Any) -> None:
    found = call("function(x) { return x; }", value)
    assert found == value
    assert type(found) is type(value)


def test_the_first_argument_is_also_this() -> None:
    assert call("function() { return this.a > obj.b; }", {"a": 2, "b": 1}) is True


def test_an_error_has_the_code_139() -> None:
    with pytest.raises(CommandFailure) as failure:
        call("function() { return nothing.there; }")
    assert failure.value.code == 139


def test_a_function_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "TIME_S", 0.1)
    with pytest.raises(CommandFailure) as failure:
        call("function() { while (true) {} }")
    assert failure.value.code == 50


def test_a_function_that_takes_all_memory_is_stopped() -> None:
    with pytest.raises(CommandFailure):
        call("function() { const a = []; while (true) a.push('x'.repeat(1000000) + a.length); }")


def test_without_quickjs_there_is_no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "_IS_THERE", False)
    assert javascript.runner() is None
