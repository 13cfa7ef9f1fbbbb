"""Pipelines run at once under the engine's lock instead of being written and read; it refuses what WATCH needs a connection for."""

from typing import Any

import redis.client as upstream
from redis._parsers.helpers import parse_set_result
from redis.client import EMPTY_RESPONSE
from redis.exceptions import ExecAbortError, ResponseError, WatchError

from dotdo_redis.client.line import Line
from dotdo_redis.client.plain_calls import PlainCalls
from dotdo_redis.client.shapes import error_of
from dotdo_redis.client.short_cut import SHORT_CUTS, ShortCut
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, OK


def run_all(line: Line, calls: list[list[bytes]]) -> list[Any]:
    """Run commands that neither wait nor close; return their replies."""
    replies: list[Any] = []
    while len(replies) < len(calls):
        line.engine.execute_many(line.client, calls[len(replies) :], replies)
    return replies


class Pipeline(PlainCalls, upstream.Pipeline):
    """redis.client.Pipeline whose data commands go to the engine in one go."""

    def __init__(self, *args: Any, like: ShortCut | None = None) -> None:
        super().__init__(*args)
        if like is None:
            self._prepare()
        else:
            self._share(like)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command, or run it at once while watching."""
        if (self.watching or args[0] == "WATCH") and not self.explicit_transaction:
            return self.immediate_execute_command(*args, **options)
        self.command_stack.append((args, options))
        return self

    def get(self, name: Any) -> Any:
        """Read a string."""
        if self.watching:
            return self.execute_command("GET", name)
        self.command_stack.append((("GET", name), {}))
        return self

    def set(self, name: Any, value: Any, *args: Any, **options: Any) -> Any:
        """Set a string."""
        if self.watching or args or options:
            return super().set(name, value, *args, **options)
        self.command_stack.append((("SET", name, value), {}))
        return self

    def _line(self, connection: Any) -> Line | None:
        """The line to run commands on at once, when there is one."""
        line: Line | None = connection.line if self._is_direct else None
        if line is None or line.inbox or line.pending or line.is_closing:
            return None
        return None if connection.health_check_interval else line

    def _calls(self, commands: Any) -> list[list[bytes]] | None:
        """The commands as words, when each of them can be run at once."""
        words, names = self._words, SHORT_CUTS
        try:
            return [
                [names[args[0]], *[words[value.__class__](value) for value in args[1:]]]
                for args, _ in commands
            ]
        except KeyError:
            return None

    def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> Any:
        line = self._line(connection)
        calls = None if line is None else self._calls(commands)
        if line is None or calls is None:
            return super()._execute_pipeline(connection, commands, raise_on_error)
        replies = run_all(line, calls)
        responses = self._answers(replies, commands)
        if raise_on_error:
            self.raise_first_error(commands, responses)
        return responses

    def _answers(self, replies: list[Any], commands: Any) -> list[Any]:
        """What `parse_response` gives for each, errors among the rest."""
        direct, bare = self._direct, self._bare
        is_plain_set = self.response_callbacks["SET"] is parse_set_result
        found = []
        for reply, (args, options) in zip(replies, commands, strict=True):
            if reply.__class__ in direct and args[0] in bare:
                found.append(reply)
            elif reply is OK and is_plain_set and args[0] == "SET":
                found.append(True)
            else:
                found.append(self._answer(reply, args[0], options))
        return found

    def _answer(self, reply: Any, name: str, options: dict[str, Any]) -> Any:
        try:
            return self._respond(name, reply, options)
        except ResponseError as error:
            return error

    def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: bool) -> Any:
        line = self._line(connection)
        queued_calls = None if line is None else self._calls(commands)
        if (
            line is None
            or queued_calls is None
            or any(EMPTY_RESPONSE in options for _, options in commands)
        ):
            return super()._execute_transaction(connection, commands, raise_on_error)
        calls = [[b"MULTI"], *queued_calls, [b"EXEC"]]
        *queued, replies = run_all(line, calls)
        if isinstance(replies, ReplyError):
            raise self._refusal(queued, replies, commands)
        self.watching = False
        if replies is NULL_ARRAY:
            raise WatchError("Watched variable changed.")
        assert isinstance(replies, list)
        responses = self._answers(replies, commands)
        if raise_on_error:
            self.raise_first_error(commands, responses)
        return responses

    def _refusal(self, queued: list[Any], error: ReplyError, commands: Any) -> Exception:
        """The first error of queueing, as redis-py raises it."""
        found = error_of(error)
        if isinstance(found, ExecAbortError):
            for number, reply in enumerate(queued):
                if isinstance(reply, ReplyError):
                    found = error_of(reply)
                    if number:
                        self.annotate_exception(found, number, commands[number - 1][0])
                    break
        return found
