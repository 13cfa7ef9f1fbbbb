"""The command's own errors, and the exit code of every error; each is told in one line, none as a traceback."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell learns of the outcome."""

    OK = 0
    NO = 1  # the answer is no: conflicts, problems found
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4  # and every other error


class CommandError(Exception):
    """Root of the command's own errors."""

    exit_code = ExitCode.REFUSED


class UsageError(CommandError):
    """Options that contradict each other, or a value that cannot be read."""

    exit_code = ExitCode.USAGE


class NotInstalled(CommandError):
    """A protocol that no installed package offers."""

    exit_code = ExitCode.NOT_FOUND


class UnknownUser(CommandError):
    """No user of that name."""

    exit_code = ExitCode.NOT_FOUND


class Refused(CommandError):
    """What was asked for would lose something, and was not done."""


class ReaderGone(Exception):
    """Whoever read the output has stopped reading; no error."""


_CODES = {  # of the kernel's errors, by name of the class; all others are refusals
    "MergeConflict": ExitCode.NO,
    "InvalidName": ExitCode.USAGE,
    "InvalidReference": ExitCode.USAGE,
    "InvalidQuery": ExitCode.USAGE,
    "AmbiguousName": ExitCode.USAGE,
    "UnknownTenant": ExitCode.NOT_FOUND,
    "UnknownNoun": ExitCode.NOT_FOUND,
    "UnknownVerb": ExitCode.NOT_FOUND,
    "ThingNotFound": ExitCode.NOT_FOUND,
}


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of an error; the kernel need not be imported to know it."""
    if isinstance(error, CommandError):
        return error.exit_code
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_CODES[name] for name in names if name in _CODES), ExitCode.REFUSED)
