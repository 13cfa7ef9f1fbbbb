"""Libraries of functions (FUNCTION LOAD, FCALL); it refuses commands while a library is loaded."""

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_redis.engine.scripting.runs import Run, Runner
from dotdo_redis.engine.scripting.scripts import FLAGS
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context

CHUNK = b"@user_function"
LOAD_LIMIT_US = 500_000
_NAME = re.compile(rb"[A-Za-z0-9_]+\Z")

LIBRARY_PRELUDE = rb"""
local sandbox, register = ...
local failed, protect, real, missing = sandbox.failed, sandbox.protect, sandbox.real, sandbox.missing
local sethook, hook = debug.sethook, sandbox.hook

return function(text, name)
  local made, failure = loadstring(text, name)
  if not made then return nil, failure end
  local loading = true

  local redis = {}
  for _, key in pairs({'log', 'LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING', 'REDIS_VERSION', 'REDIS_VERSION_NUM'}) do
    redis[key] = sandbox.redis[key]
  end
  function redis.register_function(...)
    if not loading then failed('redis.register_function can only be called on FUNCTION LOAD command', 2) end
    local count = select('#', ...)
    if count ~= 1 and count ~= 2 then failed('wrong number of arguments to redis.register_function', 2) end
    local given, callback, flags, description = ...
    if count == 1 then
      local options = given
      if type(options) ~= 'table' then
        failed('calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).', 2)
      end
      given, callback = nil, nil
      for k, v in pairs(options) do
        if type(k) ~= 'string' then failed('named argument key given to redis.register_function is not a string', 2) end
        if k == 'function_name' then
          if type(v) ~= 'string' then failed('function_name argument given to redis.register_function must be a string', 2) end
          given = v
        elseif k == 'description' then
          if type(v) ~= 'string' then failed('description argument given to redis.register_function must be a string', 2) end
          description = v
        elseif k == 'callback' then
          if type(v) ~= 'function' then failed('callback argument given to redis.register_function must be a function', 2) end
          callback = v
        elseif k == 'flags' then
          if type(v) ~= 'table' then failed('flags argument to redis.register_function must be a table representing function flags', 2) end
          flags = v
        else
          failed('unknown argument given to redis.register_function', 2)
        end
      end
      if given == nil then failed('redis.register_function must get a function name argument', 2) end
      if callback == nil then failed('redis.register_function must get a callback argument', 2) end
    else
      if type(given) ~= 'string' then failed('first argument to redis.register_function must be a string', 2) end
      if type(callback) ~= 'function' then failed('second argument to redis.register_function must be a function', 2) end
    end
    local failure = register(given, callback, flags or false, description or false)
    if failure then failed(failure, 2) end
  end

  local missing_in_table = {__index = missing}
  setmetatable(redis, missing_in_table)
  local load_redis = protect(redis)
  local run_redis = protect(setmetatable({}, {__index = function(_, key)
    return sandbox.redis[key]
  end}))
  local ours = setmetatable({}, {__index = function(_, key)
    if key == 'redis' then return loading and load_redis or run_redis end
    if key == 'KEYS' or key == 'ARGV' or (loading and key ~= '_G') then
      error("Script attempted to access nonexistent global variable '" .. tostring(key) .. "'", 3)
    end
    return sandbox.visible[key]
  end})
  local environment = protect(ours)
  rawset(ours, '_G', environment)
  setfenv(made, environment)
  return function()
    sethook(hook, '', 10000)
    local ok, raised = pcall(made)
    sethook()
    loading = false
    if not ok then
      if type(raised) == 'table' then raised = raised.err or 'error' end
      return tostring(raised)
    end
  end
end
"""


class FunctionError(ReplyError):
    """A library that cannot be loaded."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a library."""

    name: bytes
    callback: Any
    flags: frozenset[str]
    description: bytes | None
    library: "Library"


@dataclass(slots=True)
class Library:
    """Functions that were loaded together."""

    name: bytes
    code: bytes
    functions: dict[bytes, Function] = field(default_factory=dict)


class Functions:
    """Libraries by name, functions by name."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.libraries: dict[bytes, Library] = {}
        self.functions: dict[bytes, Function] = {}
        """By name in lower case."""
        self._loader: tuple[object, Any] | None = None
        self._loading: Library | None = None

    def clear(self) -> None:
        """Forget all libraries."""
        self.libraries.clear()
        self.functions.clear()

    def remove(self, name: bytes) -> bool:
        """Forget a library; whether it was there."""
        library = self.libraries.pop(name, None)
        if library is None:
            return False
        for function in library.functions:
            del self.functions[function.lower()]
        return True

    def load(self, ctx: "Context", code: bytes, *, replaces: bool) -> bytes:
        """Load a library; return its name.

        Raises:
            FunctionError: its text makes no sense, or a name is taken.
        """
        name, body = read_header(code)
        if name in self.libraries and not replaces:
            raise FunctionError(f"Library '{name.decode()}' already exists")
        library = self._read(ctx, name, code, body)
        for function in library.functions:
            known = self.functions.get(function.lower())
            if known is not None and known.library.name != name:
                raise FunctionError(f"Function {function.decode()} already exists")
        self.remove(name)
        self.libraries[name] = library
        self.functions.update(
            (function.lower(), found) for function, found in library.functions.items()
        )
        return name

    def _read(self, ctx: "Context", name: bytes, code: bytes, body: bytes) -> Library:
        sandbox = self._runner.sandbox
        if self._loader is None or self._loader[0] is not sandbox:
            made = sandbox.lua.execute(
                LIBRARY_PRELUDE, sandbox.inside, self._register, name=b"@sandbox"
            )
            self._loader = sandbox, made
        load = self._loader[1](body, CHUNK)
        if isinstance(load, tuple):
            raise FunctionError(f"Error compiling function: {load[1].decode('utf-8', 'replace')}")
        self._loading = library = Library(name, code)
        try:
            failure = self._runner.load(ctx, load, LOAD_LIMIT_US)
        finally:
            self._loading = None
        if failure is not None:
            raise FunctionError(f"Error registering functions: {failure}")
        if not library.functions:
            raise FunctionError("No functions registered")
        return library

    def _register(
        self, name: bytes, callback: object, flags: Any, description: bytes | bool
    ) -> bytes | None:
        library = self._loading
        assert library is not None
        if not _NAME.match(name):
            return b"Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
        if name in library.functions:
            return b"Function already exists in the library"
        named: set[str] = set()
        for flag in flags.values() if flags else ():
            if not isinstance(flag, bytes) or flag.decode("utf-8", "replace") not in FLAGS:
                return b"unknown flag given"
            named.add(flag.decode())
        text = description if isinstance(description, bytes) else None
        library.functions[name] = Function(name, callback, frozenset(named), text, library)
        return None

    def call(
        self,
        ctx: "Context",
        function: Function,
        keys: list[bytes],
        arguments: list[bytes],
        *,
        is_read_only: bool,
    ) -> Reply:
        """Run a function.

        Raises:
            ReplyError: it ended by an error, or it may write where it must not.
        """
        if is_read_only and "no-writes" not in function.flags:
            raise ReplyError("Can not execute a script with write flag using *_ro command.")
        run = Run(
            ctx,
            function.name.decode(),
            is_read_only="no-writes" in function.flags,
            is_function=True,
        )
        run.allows_oom = bool(function.flags & {"allow-oom", "no-writes"})
        table = self._runner.sandbox.lua.table_from
        return self._runner.start(
            run, lambda sandbox: sandbox.run(function.callback, table(keys), table(arguments))
        )


def read_header(code: bytes) -> tuple[bytes, bytes]:
    """Read `#!lua name=library`; return the name, and the code with an empty first line.

    Raises:
        FunctionError: the line is missing or makes no sense.
    """
    line, newline, rest = code.partition(b"\n")
    if line[:2] != b"#!":
        raise FunctionError("Missing library metadata")
    if not newline:
        raise FunctionError("Invalid library metadata")
    engine, options = _header_words(line[2:])
    name: bytes | None = None
    for option in options:
        key, equals, value = option.partition("=")
        if key.lower() != "name" or not equals:
            raise FunctionError(f"Invalid metadata value given: {option}")
        if name is not None:
            raise FunctionError("Invalid metadata value, name argument was given multiple times")
        name = value.encode("latin-1")
    if engine.lower() != "lua":
        raise FunctionError(f"Engine '{engine}' not found")
    if name is None:
        raise FunctionError("Library name was not given")
    if not _NAME.match(name):
        raise FunctionError(
            "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
        )
    return name, b"\n" + rest


def _header_words(line: bytes) -> tuple[str, list[str]]:
    try:
        lexer = shlex.shlex(line.decode("latin-1"), posix=True)
        lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
        words = list(lexer)
    except ValueError:
        raise FunctionError("Invalid library metadata") from None
    if not words or line[:1].isspace():
        return "", words
    return words[0], words[1:]
