"""From words to a command: names, subcommands, arity, queueing; it refuses to run anything."""

from dotdo_redis.engine.clients import ClientState
from dotdo_redis.engine.declaration import Command
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import QUEUED, Reply

UNQUEUED = frozenset({"MULTI", "EXEC", "DISCARD", "WATCH", "QUIT", "RESET"})
"""Commands that run at once inside MULTI."""


def find_command(table: dict[bytes, Command], words: list[bytes]) -> Command:
    """Find the command that the words call.

    Raises:
        ReplyError: no such command or subcommand, or a wrong number of words.
    """
    name = words[0]
    command = table.get(name) or table.get(name.upper())
    if command is None:
        raise _unknown(words)
    if command.subcommands and len(words) > 1:
        child = command.subcommands.get(words[1].upper())
        if child is not None:
            command = child
        elif command.function is None:
            shown = words[1][:128].decode("utf-8", "replace")
            raise ReplyError(f"unknown subcommand '{shown}'. Try {command.name} HELP.")
    if not command.facts.accepts(len(words)) or command.function is None:
        raise wrong_arity(command.shown_name)
    return command


def _unknown(words: list[bytes]) -> ReplyError:
    """Redis shows the name and as many arguments as fit into 128 bytes."""
    shown = ""
    for word in words[1:]:
        if len(shown) >= 128:
            break
        shown += f"'{word[: 128 - len(shown)].decode('utf-8', 'backslashreplace')}' "
    name = words[0][:128].decode("utf-8", "backslashreplace")
    return ReplyError(f"unknown command '{name}', with args beginning with: {shown}")


def queue_command(client: ClientState, command: Command, words: list[bytes]) -> Reply:
    """Queue a command of a transaction.

    Raises:
        ReplyError: the command is not allowed inside MULTI.
    """
    if "no_multi" in command.facts.flags:
        raise ReplyError("Command not allowed inside a transaction")
    assert client.queue is not None
    client.queue.append((command, words))
    return QUEUED
