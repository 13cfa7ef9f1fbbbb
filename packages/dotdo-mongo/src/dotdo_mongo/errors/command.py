"""MongoDB's errors as the engine raises them: a code, its name and MongoDB's text; it refuses texts of our making."""

from typing import Any

from dotdo_mongo.errors.codes import CODE_NAMES


class MongoError(Exception):
    """Root of the errors of this package; the client's surface turns them into pymongo's."""


class CommandFailure(MongoError):
    """A command, or one write of it, that MongoDB would refuse.

    Args:
        code: MongoDB's number.
        code_name: MongoDB's name of it.
        message: MongoDB's text.
        extra: further fields of the reply (`errInfo`, `keyPattern`, ...).

    `is_of_constants` tells that it came of computing constants ahead.
    """

    def __init__(self, code: int, code_name: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.code = code
        self.code_name = code_name
        self.message = message
        self.extra = extra
        self.is_of_constants = False


def code_name(code: int) -> str:
    """Return the name that MongoDB gives to `code`."""
    return CODE_NAMES.get(code) or f"Location{code}"


def failure(code: int, message: str, **extra: Any) -> CommandFailure:
    """Return the failure of `code`, its name looked up."""
    return CommandFailure(code, code_name(code), message, **extra)
