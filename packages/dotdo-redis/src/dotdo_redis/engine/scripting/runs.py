"""Running a script or function against the engine: its calls, its time, its end; it refuses two at once.

A script that takes longer than `busy-reply-threshold` is put aside in the middle (as a greenlet, for Lua's C frames are
under it) and goes on in slices at each tick of the engine, so that others can be told that the server is busy and the
script can be killed. Where no door ticks, it is stopped when its time is over.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import greenlet  # type: ignore[import-untyped]  # it brings no types
from lupa.lua51 import LuaMemoryError  # type: ignore[import-untyped]  # likewise

from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.pausing import MAY_WRITE
from dotdo_redis.engine.scripting.sandbox import LuaFailure, Sandbox, ScriptError
from dotdo_redis.errors import Busy, OutOfMemory, ReplyError
from dotdo_redis.mapping.replies import Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.declaration import Command

EMPTY_BYTES = 32_768
"""What Redis says of a Lua machine without scripts."""
SLICE_US = 50_000
LIMIT_US = 60_000_000
KILL_TEXT = "Script killed by user with {} KILL."
LATE_TEXT = "Script killed: it ran for longer than is allowed"
_DENIALS = {
    "command": "The user executing the script can't run this command or subcommand",
    "key": "The user executing the script can't access at least one of the keys mentioned in the command arguments",
    "channel": "The user executing the script can't publish to the channel mentioned in the command",
}


class _Never:
    """No value has this type: nothing wakes who waits for it."""


class Run:
    """One script on its way."""

    def __init__(self, ctx: "Context", name: str, *, is_read_only: bool, is_function: bool) -> None:
        self.ctx = ctx
        self.name = name
        self.is_read_only = is_read_only
        self.is_function = is_function
        self.started_us = ctx.engine.clock()
        self.slice_until_us = self.started_us
        self.resp = 2
        self.has_written = False
        self.allows_oom: bool | None = None
        """Whether it runs beyond maxmemory; None leaves it to its commands."""
        self.is_over_memory = False
        self.failure = ""
        """The error of the last call that failed, which has been counted."""
        self.end_text = ""
        """Set once the script is to stop."""
        self.chunk = "@user_function" if is_function else "@user_script"
        self.last_return = 1
        """The line of the last `return` in its text."""
        self.may_be_put_aside = not ctx.is_nested
        self.limit_us = LIMIT_US
        self.blocked: Blocked | None = None
        self.greenlet: Any = None


class Runner:
    """Runs scripts, one at a time; the `Caller` of the sandbox."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._random = Random()  # noqa: S311 - scripts draw no secrets
        self.run: Run | None = None
        self.has_beat = False
        """A door calls `engine.tick` regularly, so that a long script may be put aside."""
        self.reset()

    def reset(self) -> None:
        """Make a new Lua machine when one is next needed."""
        self._sandbox: Sandbox | None = None

    @property
    def sandbox(self) -> Sandbox:
        """The Lua machine."""
        if self._sandbox is None:
            self._sandbox = Sandbox(self, self._engine.config.release)
            self._random.seed(self._engine.random.getrandbits(64))
        return self._sandbox

    @property
    def used_bytes(self) -> int:
        """Memory of the Lua machine."""
        if self._sandbox is None:
            return 0
        if self.run is None:
            self._sandbox.collect()
        used = int(self._sandbox.lua.get_memory_used() or 0)
        return EMPTY_BYTES + max(used - self._sandbox.own_bytes, 0)

    # -- running

    def start(self, run: Run, call: Callable[[Sandbox], Reply]) -> Reply:
        """Run a script.

        Returns:
            Its reply, or a `Blocked` when it was put aside.

        Raises:
            ReplyError: it ended by an error.
        """
        if self.run is not None:
            raise Busy(busy_text(self.run))
        instance = self._engine.instance
        if instance.parameters.number("maxmemory") and not run.allows_oom:
            run.is_over_memory = instance.memory.is_over()
            if run.is_over_memory and run.allows_oom is False:
                what = "function" if run.is_function else "script"
                raise OutOfMemory(
                    f"allow-oom flag is not set on the {what}, can not run it when used memory > 'maxmemory'"
                )
        if run.allows_oom is False:  # flags are named, and none says that it does not write
            instance.check_replicas()
        sandbox = self.sandbox
        self.run = run
        threshold_us = self._engine.instance.parameters.number("busy-reply-threshold") * 1000
        run.slice_until_us = run.started_us + (threshold_us or SLICE_US)
        run.greenlet = greenlet.greenlet(lambda: self._finish(sandbox, run, call))
        return self._go_on(run)

    def load(self, ctx: "Context", load: Callable[[], bytes | None], limit_us: int) -> str | None:
        """Run what a library does while it is loaded; return the text of its error, if it ended by one."""
        if self.run is not None:
            raise Busy(busy_text(self.run))
        self.run = run = Run(ctx, "", is_read_only=True, is_function=True)
        run.may_be_put_aside = False
        run.limit_us = limit_us
        try:
            failure = load()
        except LuaMemoryError:
            failure = b"not enough memory"
        finally:
            self.run = None
        if run.end_text:
            return "FUNCTION LOAD timeout"
        return None if failure is None else failure.decode("utf-8", "replace")

    def _finish(self, sandbox: Sandbox, run: Run, call: Callable[[Sandbox], Reply]) -> Reply:
        try:
            reply = call(sandbox)
        except LuaFailure as failure:
            return _error(run, failure)
        if isinstance(reply, ScriptError):
            reply.is_counted = reply.text == run.failure
        return reply

    def _go_on(self, run: Run) -> Reply:
        """Let the script run until it ends or its slice is over."""
        ctx, engine = run.ctx, self._engine
        client, was_nested, db, resp = ctx.client, ctx.is_nested, ctx.client.db, ctx.client.resp
        ctx.is_nested = True
        client.flags.add("lua")
        engine.depth += 1
        try:
            outcome = run.greenlet.switch()
        finally:
            engine.depth -= 1
            client.flags.discard("lua")
            client.resp = resp
            ctx.select(db)
            ctx.is_nested = was_nested
        if not run.greenlet.dead:
            return self._put_aside(run)
        self.run = None
        return outcome

    def _put_aside(self, run: Run) -> Reply:
        if run.blocked is None:
            run.blocked = Blocked((), _Never, None, lambda _ctx: None)
            run.blocked.client, run.blocked.words, run.blocked.db = (
                run.ctx.client,
                run.ctx.words,
                run.ctx.client.db,
            )
            run.blocked.is_postponed = True
            self._engine.audience.add_gate(self.refuse, is_first=True)
        return run.blocked

    def go_on(self) -> None:
        """Run the script that was put aside for another slice; the engine's tick."""
        run = self.run
        if run is None or run.blocked is None:
            return
        run.slice_until_us = self._engine.clock() + SLICE_US
        outcome = self._go_on(run)
        if outcome is not run.blocked:
            self._engine.audience.drop_gate(self.refuse)
            run.blocked.finish(outcome)

    def refuse(self, _ctx: "Context", command: "Command", _words: list[bytes]) -> None:
        """Let nothing run beside a script that was put aside, but what may stop it.

        Raises:
            Busy: nearly always.
        """
        if self.run is not None and "allow_busy" not in command.facts.flags:
            raise Busy(busy_text(self.run))

    def kill(self, *, is_function: bool) -> None:
        """Stop the script that was put aside.

        Raises:
            ReplyError: there is none, it has written, or it is of the other kind.
        """
        run = self.run
        if run is None:
            raise NotBusy
        if run.is_function != is_function:
            raise Busy(busy_text(run))
        if run.has_written:
            raise Unkillable
        run.end_text = KILL_TEXT.format("FUNCTION" if is_function else "SCRIPT")

    # -- what the sandbox asks

    def tick(self) -> bool:
        """Put the script aside when its slice is over; whether it is to stop."""
        run = self._running()
        now_us = self._engine.clock()
        if run.end_text:
            return True
        if now_us < run.slice_until_us:
            return False
        if run.may_be_put_aside and self.has_beat:
            run.greenlet.parent.switch()
        elif now_us - run.started_us > run.limit_us:
            run.end_text = LATE_TEXT
        return bool(run.end_text)

    def is_killed(self) -> bool:
        """Whether the script is being stopped."""
        return self.run is not None and bool(self.run.end_text)

    def kill_text(self) -> bytes:
        """The words with which it ends."""
        return self._running().end_text.encode()

    def setresp(self, version: int) -> None:
        """Choose the protocol of replies inside the script."""
        self._running().resp = int(version)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return self._random.random()

    def randomseed(self, seed: float) -> None:
        """Let `random` repeat itself."""
        self._random.seed(seed)

    def _running(self) -> Run:
        assert self.run is not None
        return self.run

    def call(self, *arguments: object) -> tuple[object, bytes | None]:
        """Run a command of the script; the reply, or None and the text of the error."""
        run = self._running()
        try:
            words = _words(arguments)
            reply = self._call(run, words)
        except ReplyError as error:
            run.failure = error.text
            return None, error.text.encode("utf-8", "surrogateescape")
        assert self._sandbox is not None
        return self._sandbox.to_lua(reply, run.resp), None

    def _call(self, run: Run, words: list[bytes]) -> Reply:
        engine, ctx = self._engine, run.ctx
        command = self._command(words)
        self._check(run, command, words)
        client = ctx.client
        client.resp = run.resp
        try:
            return engine.run(ctx, command, words)
        except ReplyError as error:
            engine.instance.failed(error)
            raise

    def _check(self, run: Run, command: "Command", words: list[bytes]) -> None:
        """Refuse a call before it runs, and count that.

        Raises:
            ReplyError: why.
        """
        try:
            self._admit(run, command, words)
        except ReplyError as error:
            command.rejected_calls += 1
            self._engine.instance.failed(error)
            raise

    def _admit(self, run: Run, command: "Command", words: list[bytes]) -> None:
        engine, ctx, flags = self._engine, run.ctx, command.facts.flags
        if "noscript" in flags and not ("blocking" in flags and engine.config.shows(7, 2)):
            raise ReplyError("This Redis command is not allowed from script")
        if run.is_over_memory and not run.has_written and "denyoom" in flags:
            raise OutOfMemory
        if command.is_write or command.name in MAY_WRITE:
            if run.is_read_only:
                raise ReplyError("Write commands are not allowed from read-only scripts.")
            engine.instance.check_replicas()
            run.has_written = run.has_written or command.is_write
        user = engine.instance.users.get(ctx.client.user)
        if user is not None and not user.is_unrestricted:
            denied = user.denial(command, words)
            if denied is not None:
                engine.instance.acl_log.add(ctx, denied.reason, denied.object, user.name)
                raise ReplyError(_DENIALS[denied.reason])

    def _command(self, words: list[bytes]) -> "Command":
        table = self._engine.table
        if words[0].upper() not in table:
            raise ReplyError("Unknown Redis command called from script")
        command = table[words[0].upper()]
        if command.subcommands and len(words) > 1:
            child = command.subcommands.get(words[1].upper())
            if child is None and command.function is None:
                raise ReplyError("Unknown Redis command called from script")
            command = child or command
        if not command.facts.accepts(len(words)) or command.function is None:
            raise ReplyError("Wrong number of args calling Redis command from script")
        return command

    def acl_check_cmd(self, *arguments: object) -> tuple[bool, bytes | None]:
        """Whether the script's user may make a call."""
        words = _words(arguments)
        try:
            command = self._command(words)
        except ReplyError:
            return False, b"ERR Invalid command passed to redis.acl_check_cmd()"
        user = self._engine.instance.users.get(self._running().ctx.client.user)
        return user is None or user.denial(command, words) is None, None


class NotBusy(ReplyError):
    """There is no script to kill."""

    code = "NOTBUSY"

    def __init__(self) -> None:
        super().__init__("No scripts in execution right now.")


class Unkillable(ReplyError):
    """The script to kill has written."""

    code = "UNKILLABLE"

    def __init__(self) -> None:
        super().__init__(
            "Sorry the script already executed write commands against the dataset. You can either wait the script "
            "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
        )


def busy_text(run: Run) -> str:
    """What others are told while a script runs."""
    kind = "FUNCTION" if run.is_function else "SCRIPT"
    return f"Redis is busy running a script. You can only call {kind} KILL or SHUTDOWN NOSAVE."


def _words(arguments: tuple[object, ...]) -> list[bytes]:
    if not arguments:
        raise ReplyError("Please specify at least one argument for this redis.call() call")
    words: list[bytes] = []
    for argument in arguments:
        if isinstance(argument, bytes):
            words.append(argument)
        elif isinstance(argument, bool) or not isinstance(argument, (int, float)):
            raise ReplyError("Lua redis lib command arguments must be strings or integers")
        else:
            words.append(
                b"%d" % argument
                if isinstance(argument, int) and abs(argument) < 10**17
                else b"%.17g" % argument
            )
    return words


def _error(run: Run, failure: LuaFailure) -> ScriptError:
    if not run.name or (run.end_text and not failure.source):
        return ScriptError(failure.text)
    source, line = failure.source, failure.line
    if not source:  # the call that failed stood in the place of its caller, which Lua forgets
        source, line = run.chunk, run.last_return
    error = ScriptError(f"{failure.text} script: {run.name}, on {source}:{line}.")
    error.is_counted = failure.text == run.failure
    return error
