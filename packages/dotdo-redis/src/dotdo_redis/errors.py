"""Redis' errors, one class per code, rooted in redis-py's; it refuses texts of our making."""

from redis.exceptions import RedisError, ResponseError

__all__ = ["RedisError", "ReplyError"]


class ReplyError(ResponseError):
    """An error reply; `code` is its first word, the text what follows."""

    code = "ERR"

    @property
    def text(self) -> str:
        """The whole line, as the wire shows it after `-`."""
        return f"{self.code} {self.args[0]}"


class Raw(ReplyError):
    """An error whose text is whole, its code included (DEBUG ERROR, scripts)."""

    @property
    def text(self) -> str:
        """The line as it is."""
        return str(self.args[0])


class WrongType(ReplyError):
    """A key holds a value of another type."""

    code = "WRONGTYPE"

    def __init__(
        self, message: str = "Operation against a key holding the wrong kind of value"
    ) -> None:
        super().__init__(message)


class ExecAbort(ReplyError):
    """EXEC after a command that could not be queued."""

    code = "EXECABORT"

    def __init__(self, message: str = "Transaction discarded because of previous errors.") -> None:
        super().__init__(message)


class TryAgain(ReplyError):
    """What the command needs is held by somebody who will give it back."""

    code = "TRYAGAIN"


class Unblocked(ReplyError):
    """A blocked client that another one, or a change of the key, released."""

    code = "UNBLOCKED"


class BusyKey(ReplyError):
    """RESTORE onto a key that exists."""

    code = "BUSYKEY"

    def __init__(self, message: str = "Target key name already exists.") -> None:
        super().__init__(message)


class NoProto(ReplyError):
    """HELLO with a version that is not spoken."""

    code = "NOPROTO"

    def __init__(self, message: str = "unsupported protocol version") -> None:
        super().__init__(message)


class NoAuth(ReplyError):
    """A command before authentication."""

    code = "NOAUTH"

    def __init__(self, message: str = "Authentication required.") -> None:
        super().__init__(message)


class WrongPass(ReplyError):
    """A user name or password that is not right."""

    code = "WRONGPASS"

    def __init__(
        self, message: str = "invalid username-password pair or user is disabled."
    ) -> None:
        super().__init__(message)


class NoPermission(ReplyError):
    """What the user's ACL does not grant."""

    code = "NOPERM"


class ReadOnly(ReplyError):
    """A write where nothing can be written: to the past."""

    code = "READONLY"

    def __init__(self, message: str = "You can't write against a read only replica.") -> None:
        super().__init__(message)


class NoScript(ReplyError):
    """EVALSHA of a script that is not cached."""

    code = "NOSCRIPT"

    def __init__(self, message: str = "No matching script. Please use EVAL.") -> None:
        super().__init__(message)


class TooManyClients(ReplyError):
    """A connection beyond maxclients."""

    def __init__(self, message: str = "max number of clients reached") -> None:
        super().__init__(message)


class Misconfigured(ReplyError):
    """A write that cannot be kept: the append file takes no more."""

    code = "MISCONF"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Errors writing to the AOF file: {reason}")


class NoReplicas(ReplyError):
    """A write when too few replicas are connected."""

    code = "NOREPLICAS"

    def __init__(self, message: str = "Not enough good replicas to write.") -> None:
        super().__init__(message)


class InvalidObject(ReplyError):
    """A value whose bytes make no sense."""

    code = "INVALIDOBJ"


class Busy(ReplyError):
    """A command while a script runs for long."""

    code = "BUSY"


class OutOfMemory(ReplyError):
    """A write beyond maxmemory."""

    code = "OOM"

    def __init__(
        self, message: str = "command not allowed when used memory > 'maxmemory'."
    ) -> None:
        super().__init__(message)


class NoGroup(ReplyError):
    """A consumer group, or its stream, that does not exist."""

    code = "NOGROUP"


class BusyGroup(ReplyError):
    """A consumer group that exists already."""

    code = "BUSYGROUP"

    def __init__(self, message: str = "Consumer Group name already exists") -> None:
        super().__init__(message)


def syntax() -> ReplyError:
    """Arguments that do not follow the command's grammar."""
    return ReplyError("syntax error")


def not_an_integer() -> ReplyError:
    """What is not a decimal integer of 64 bits."""
    return ReplyError("value is not an integer or out of range")


def not_a_float() -> ReplyError:
    """What is not a number."""
    return ReplyError("value is not a valid float")


def no_such_key() -> ReplyError:
    """A key that has to exist."""
    return ReplyError("no such key")


def out_of_range() -> ReplyError:
    """A number beyond what the command takes."""
    return ReplyError("value is out of range")


def wrong_arity(name: str) -> ReplyError:
    """Too few or too many arguments; `name` is in lower case."""
    return ReplyError(f"wrong number of arguments for '{name}' command")
