"""The scripts that EVAL and SCRIPT LOAD have seen; it refuses functions, which belong to libraries."""

from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from dotdo_redis.engine.scripting.runs import Run, Runner
from dotdo_redis.engine.scripting.sandbox import LuaFailure
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context

FLAGS = frozenset({"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"})
CHUNK = b"@user_script"


@dataclass(frozen=True, slots=True)
class Script:
    """One script, compiled."""

    sha: str
    body: bytes
    function: Any
    flags: frozenset[str]
    has_flags: bool = False
    """Its first line names its flags, though they may be none."""


def digest_of(body: bytes) -> str:
    """The name of a script."""
    return sha1(body, usedforsecurity=False).hexdigest()


class Scripts:
    """Scripts by the SHA-1 of their text."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._scripts: dict[str, Script] = {}

    def __len__(self) -> int:
        return len(self._scripts)

    def __contains__(self, sha: object) -> bool:
        return sha in self._scripts

    @property
    def used_bytes(self) -> int:
        """Memory of the texts, roughly."""
        return sum(len(script.body) + 200 for script in self._scripts.values())

    def clear(self) -> None:
        """Forget all scripts, and the Lua machine with them."""
        self._scripts.clear()
        self._runner.reset()

    def get(self, sha: str) -> Script | None:
        """A known script."""
        return self._scripts.get(sha)

    def load(self, body: bytes) -> Script:
        """Compile a script, or find it compiled.

        Raises:
            ReplyError: it is no Lua, or its first line names another engine or unknown flags.
        """
        sha = digest_of(body)
        known = self._scripts.get(sha)
        if known is not None:
            return known
        text, flags = body, frozenset[str]()
        if body[:2] == b"#!":
            line, _, rest = body.partition(b"\n")
            flags = shebang_flags(line.decode("utf-8", "replace"))
            text = b"\n" + rest
        try:
            function = self._runner.sandbox.compile(text, CHUNK)
        except LuaFailure as failure:
            raise ReplyError(f"Error compiling script (new function): {failure.text}") from None
        script = self._scripts[sha] = Script(
            sha, body, function, flags, has_flags=body[:2] == b"#!"
        )
        return script

    def eval(
        self,
        ctx: "Context",
        script: Script,
        keys: list[bytes],
        arguments: list[bytes],
        *,
        is_read_only: bool,
    ) -> Reply:
        """Run a script.

        Raises:
            ReplyError: it ended by an error.
        """
        is_read_only = is_read_only or "no-writes" in script.flags
        run = Run(ctx, script.sha, is_read_only=is_read_only, is_function=False)
        if script.has_flags:
            run.allows_oom = bool(script.flags & {"allow-oom", "no-writes"})
        run.last_return = last_return(script.body)
        return self._runner.start(
            run, lambda sandbox: sandbox.eval(script.function, keys, arguments)
        )


def last_return(body: bytes) -> int:
    """The number of the last line with a `return`."""
    lines = body.split(b"\n")
    return max((at for at, line in enumerate(lines, 1) if b"return" in line), default=1)


def shebang_flags(line: str) -> frozenset[str]:
    """Read `#!lua flags=a,b`.

    Raises:
        ReplyError: another engine, an unknown option or flag.
    """
    engine, *options = line[2:].split()
    if not line[2:].strip() or engine != "lua":
        raise ReplyError(
            f"Unexpected engine in script shebang: {engine if line[2:].strip() else ''}"
        )
    flags: set[str] = set()
    for option in options:
        name, _, value = option.partition("=")
        if name != "flags" or "=" not in option:
            raise ReplyError(f"Unknown lua shebang option: {option}")
        for flag in filter(None, value.split(",")):
            if flag not in FLAGS:
                raise ReplyError(f"Unexpected flag in script shebang: {flag}")
            flags.add(flag)
    return frozenset(flags)
