"""One Lua machine: values across the border, limits on memory; it refuses Python objects inside scripts."""

import struct
from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any, Protocol

from lupa.lua51 import (  # type: ignore[import-untyped]  # it brings no types
    LuaError,
    LuaMemoryError,
    LuaRuntime,
)

from dotdo_redis.engine.scripting.libraries import LIBRARIES, MANY, LibraryError
from dotdo_redis.engine.scripting.lua_json import JSON
from dotdo_redis.engine.scripting.lua_messages import MESSAGES
from dotdo_redis.engine.scripting.prelude import PRELUDE
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.doubles import double_text
from dotdo_redis.mapping.replies import (
    NO_REPLY,
    NULL_ARRAY,
    BigNumber,
    Reply,
    SetReply,
    Status,
    Verbatim,
)

MEMORY_BYTES = 256 << 20
WIDEST_EXACT = 1 << 63


class Caller(Protocol):
    """What a running script may ask of the engine."""

    def call(self, *words: object) -> tuple[object, bytes | None]:
        """Run a command; the reply, or None and the text of the error."""

    def tick(self) -> bool:
        """Whether the script is to be stopped; comes every few thousand instructions."""

    def setresp(self, version: int) -> None:
        """Choose the protocol of replies inside the script."""

    def acl_check_cmd(self, *words: object) -> tuple[bool, bytes | None]:
        """Whether the script's user may make a call."""

    def random(self) -> float:
        """A number from 0 up to 1."""

    def randomseed(self, seed: float) -> None:
        """Let `random` repeat itself."""

    def is_killed(self) -> bool:
        """Whether the script is being stopped."""

    def kill_text(self) -> bytes:
        """The words with which it ends."""


class LuaFailure(Exception):
    """A script that ended by an error."""

    def __init__(self, text: str, source: str = "", line: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.source = source
        self.line = line


def _long_text(number: float) -> bytes:
    """Spell a double for RESP2 as it was done before 7.2."""
    return b"%.17g" % number


def _no_attributes(_object: object, _name: object, _is_setting: bool) -> object:
    raise AttributeError("scripts see no Python")


class Sandbox:
    """A Lua machine whose scripts see Redis' libraries alone."""

    def __init__(self, caller: Caller, release: tuple[int, int, int]) -> None:
        """Make a machine.

        Args:
            caller: answers the scripts.
            release: what `redis.REDIS_VERSION` says.
        """
        self._spell = double_text if release >= (7, 2, 0) else _long_text
        self.lua: Any = LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_no_attributes,
            max_memory=MEMORY_BYTES,
        )
        host = self.lua.table_from(
            {name.encode(): value for name, value in self._host(caller).items()}
        )
        host[b"version"] = ".".join(map(str, release)).encode()
        host[b"version_number"] = release[0] << 16 | release[1] << 8 | release[2]
        self.inside: Any = self.lua.execute(PRELUDE, host, name=b"@sandbox")
        for library in (JSON, MESSAGES):
            self.lua.execute(library, self.inside, host, name=b"@sandbox")
        self.own_bytes = int(self.lua.get_memory_used() or 0)
        """What the machine takes without scripts."""
        self._run = self.inside[b"run"]
        self._eval = self.inside[b"eval"]
        self._compile = self.inside[b"compile"]

    def _host(self, caller: Caller) -> dict[str, Callable[..., object]]:
        return {
            "call": caller.call,
            "call_many": lambda words, count: caller.call(
                *(words[at] for at in range(1, count + 1))
            ),
            "tick": caller.tick,
            "setresp": caller.setresp,
            "acl_check_cmd": caller.acl_check_cmd,
            "random": caller.random,
            "randomseed": caller.randomseed,
            "is_killed": caller.is_killed,
            "is_broken_off": caller.is_killed,
            "kill_text": caller.kill_text,
            "make_list": list,
            "append": list.append,
            "make_reply": make_reply,
            "sha1hex": lambda text: sha1(text, usedforsecurity=False).hexdigest().encode(),
            "names": lambda library: self.lua.table_from(list(LIBRARIES[library])),
            "function_of": self._function,
            "big_endian": _big_endian,
            "from_big_endian": lambda form, data: struct.unpack(b">" + form, data)[0],
            "packed_number": _packed_number,
        }

    def _function(self, library: bytes, name: bytes) -> Callable[..., object]:
        function = LIBRARIES[library][name]

        def call(*arguments: object) -> object:
            try:
                result = function(*arguments)
            except LibraryError as error:
                return False, str(error).encode()
            except (ValueError, TypeError, OverflowError, struct.error) as error:
                return False, f"bad argument to '{name.decode()}' ({error})".encode()
            if function in MANY:
                assert isinstance(result, list)
                return b"many", self.lua.table_from(result), len(result)
            return True, result

        return call

    def compile(self, text: bytes, name: bytes) -> Any:
        """Make a function of a script.

        Raises:
            LuaFailure: it is no Lua.
        """
        made, failure = self._compile(text, name)
        if made is None:
            raise LuaFailure(failure.decode("utf-8", "replace"))
        return made

    def eval(self, function: object, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Reply:
        """Run a script with its KEYS and ARGV.

        Raises:
            LuaFailure: it ended by an error.
        """
        table = self.lua.table_from
        return self._outcome(self._eval, function, table(keys), table(arguments))

    def run(self, function: object, *arguments: object) -> Reply:
        """Run a function with arguments.

        Raises:
            LuaFailure: it ended by an error.
        """
        return self._outcome(self._run, function, *arguments)

    def _outcome(self, entry: Callable[..., Any], *arguments: object) -> Reply:
        try:
            outcome = entry(*arguments)
        except LuaMemoryError:
            self.collect()
            raise LuaFailure("ERR not enough memory") from None
        except LuaError as error:  # it came while the script was being left
            raise LuaFailure(f"ERR {str(error).partition(chr(10))[0]}") from None
        if outcome is True:
            return None
        if outcome[0] is True:
            return from_lua(outcome[1])
        text, source, line = (*outcome[1:], None, None)[:3]
        if text == b"ERR not enough memory":
            self.collect()
        where = source.decode("utf-8", "replace") if source else ""
        raise LuaFailure(text.decode("utf-8", "replace"), where, line or 0)

    def collect(self) -> None:
        """Give back what no script holds any more."""
        self.lua.gccollect()

    def to_lua(self, reply: Reply, resp: int) -> object:
        """Turn a reply of a command into what scripts get."""
        kind = reply.__class__
        if kind is bytes or kind is int:
            return reply
        if reply is None or reply is NULL_ARRAY or reply is NO_REPLY:
            return False if resp == 2 else None
        converter = _TO_LUA.get(kind)
        if converter is not None:
            return converter(self, reply, resp)
        if isinstance(reply, ReplyError):
            return self._field(b"err", reply.text.encode("utf-8", "surrogateescape"))
        return bytes(reply) if isinstance(reply, (bytes, bytearray)) else reply

    def _field(self, name: bytes, value: object) -> object:
        return self.lua.table_from({name: value})

    def list_to_lua(self, reply: Sequence[Reply], resp: int) -> object:
        """Turn an array into a table."""
        table = self.lua.table()
        for at, element in enumerate(reply, 1):
            table[at] = self.to_lua(element, resp)
        return table

    def map_to_lua(self, reply: dict[Reply, Reply], resp: int) -> object:
        """Turn a map into a table in a table, or into a flat one for RESP2."""
        if resp == 2:
            return self.list_to_lua([item for pair in reply.items() for item in pair], resp)
        table = self.lua.table()
        for key, value in reply.items():
            table[self.to_lua(key, resp)] = self.to_lua(value, resp)
        return self._field(b"map", table)

    def set_to_lua(self, reply: Sequence[Reply], resp: int) -> object:
        """Turn a set into a table in a table."""
        if resp == 2:
            return self.list_to_lua(reply, resp)
        table = self.lua.table()
        for element in reply:
            table[self.to_lua(element, resp)] = True
        return self._field(b"set", table)

    def double_to_lua(self, number: float, resp: int) -> object:
        """Turn a double into a table, or into its text for RESP2."""
        return self._field(b"double", number) if resp == 3 else self._spell(number)

    def status_to_lua(self, reply: Status, _resp: int) -> object:
        """Turn a status into a table."""
        return self._field(b"ok", bytes(reply))

    def big_to_lua(self, reply: int, resp: int) -> object:
        """Turn a big number into a table, or into its text for RESP2."""
        text = b"%d" % reply
        return self._field(b"big_number", text) if resp == 3 else text

    def verbatim_to_lua(self, reply: Verbatim, resp: int) -> object:
        """Turn a text with a format into a table, or into the text for RESP2."""
        if resp == 2:
            return bytes(reply)
        inner = self.lua.table_from({b"string": bytes(reply), b"format": reply.format})
        return self._field(b"verbatim_string", inner)

    def boolean_to_lua(self, reply: bool, resp: int) -> object:
        """Keep a boolean, or make a number of it for RESP2."""
        return reply if resp == 3 else int(reply)


_TO_LUA: dict[type, Callable[..., object]] = {
    list: Sandbox.list_to_lua,
    tuple: Sandbox.list_to_lua,
    dict: Sandbox.map_to_lua,
    SetReply: Sandbox.set_to_lua,
    float: Sandbox.double_to_lua,
    Status: Sandbox.status_to_lua,
    BigNumber: Sandbox.big_to_lua,
    Verbatim: Sandbox.verbatim_to_lua,
    bool: Sandbox.boolean_to_lua,
}


class Held:
    """A reply on its way through Lua, which would make a plain string or number of it."""

    __slots__ = ("reply",)

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


def from_lua(value: object) -> Reply:
    """Turn what a script returns into a reply; numbers lose their fraction."""
    if isinstance(value, Held):
        return value.reply
    if isinstance(value, bytes) or value is None:
        return value
    if value is True:
        return True
    if value is False:
        return False
    if isinstance(value, int):
        return max(-WIDEST_EXACT, min(WIDEST_EXACT - 1, value))
    if isinstance(value, float):
        if value != value or value in {float("inf"), float("-inf")}:
            return -WIDEST_EXACT
        return max(-WIDEST_EXACT, min(WIDEST_EXACT - 1, int(value)))
    if isinstance(value, list):
        value[:] = [from_lua(element) for element in value]
    return value


class ScriptError(ReplyError):
    """An error that a script returned; its text is whole."""

    is_counted = False
    """It is the error of a command that the script called."""

    @property
    def text(self) -> str:
        """The text as the script gave it."""
        return str(self.args[0])

    @property
    def code(self) -> str:  # type: ignore[override]  # the first word of whatever the script said
        """The first word."""
        return self.text.partition(" ")[0]


def make_reply(kind: bytes, value: Any, form: bytes = b"txt") -> Held:
    """Make and hold the reply that a table with one of the special fields stands for."""
    return Held(_made(kind, value, form))


def _made(kind: bytes, value: Any, form: bytes) -> Reply:
    """Make the reply that a table with one of the special fields stands for."""
    if kind == b"err":
        return ScriptError(value.removeprefix(b"-").decode("utf-8", "surrogateescape"))
    if kind == b"ok":
        return Status(value.replace(b"\r", b" ").replace(b"\n", b" "))
    if kind == b"double":
        return float(value)
    if kind == b"map":
        items = [from_lua(item) for item in value]
        return dict(zip(items[::2], items[1::2], strict=True))
    if kind == b"set":
        return SetReply(from_lua(item) for item in value)
    if kind == b"big_number":
        return BigNumber(value) if value.lstrip(b"-").isdigit() else value
    text = Verbatim(value)
    return text if form == b"txt" else _formatted(text, form)


def _formatted(text: bytes, form: bytes) -> Verbatim:
    """A verbatim text with a format of its own."""
    verbatim: Verbatim = type("Formatted", (Verbatim,), {"format": form[:3]})(text)
    return verbatim


def _big_endian(form: bytes, number: float) -> bytes:
    return struct.pack(b">" + form, int(number))


def _packed_number(number: float) -> bytes:
    single = struct.pack(">f", number) if abs(number) < 3e38 else b""
    if single and struct.unpack(">f", single)[0] == number:
        return b"\xca" + single
    return b"\xcb" + struct.pack(">d", number)
