"""The table holds only methods whose arguments redis-py passes on as they are, without a warning."""

import warnings

import pytest
import redis

from dotdo_redis.client.word_calls import CALLS, COMMANDS, TIMED


class Recorder(redis.Redis):
    """Keeps the words that redis-py would send."""

    def execute_command(self, *args, **options):
        options.pop("keys", None)
        self.got = args, options


@pytest.mark.parametrize("last", ["a", 7, 1.5, True, ["x"]])
@pytest.mark.parametrize("method", [*CALLS, *TIMED])
def test_a_method_passes_on_what_it_was_given(method, last):
    count = 2 if method in TIMED else CALLS[method][0]
    args = [f"a{number}" for number in range(count - 1)] + [5 if method in TIMED else last]
    client = Recorder()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(client, method)(*args)
    assert client.got == ((COMMANDS.get(method, method.upper()), *args), {})
