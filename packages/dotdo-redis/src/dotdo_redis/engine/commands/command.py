"""COMMAND and its subcommands, told from the generated facts; it refuses to know commands of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Command, Family
from dotdo_redis.engine.glob import matches_nocase
from dotdo_redis.engine.keyfinding import FoundKey, NoKeys, find_keys, has_keys
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply, SetReply, Status
from dotdo_redis.spec.documents import DOCUMENTS
from dotdo_redis.spec.modules import module_of

FAMILY = Family()


def _entry(command: Command) -> Reply:
    facts = command.facts
    return [
        command.shown_name.encode(),
        facts.arity,
        SetReply(Status(flag.encode()) for flag in sorted(facts.flags)),
        facts.first_key,
        facts.last_key,
        facts.step,
        SetReply(Status(category.encode()) for category in facts.categories),
        SetReply(tip.encode() for tip in facts.tips),
        SetReply(_specification(one) for one in facts.key_specifications),
        SetReply(_entry(child) for child in command.subcommands.values()),
    ]


def _specification(specification: Mapping[str, Any]) -> Reply:
    shown: dict[object, object] = {}
    if "notes" in specification:
        shown[b"notes"] = specification["notes"].encode()
    shown[b"flags"] = SetReply(Status(flag.encode()) for flag in specification["flags"])
    for part in ("begin_search", "find_keys"):
        shown[part.encode()] = _plain(specification[part])
    return shown


def _plain(value: Any) -> Reply:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Mapping):
        return {key.encode(): _plain(item) for key, item in value.items()}
    return value


@FAMILY.command("COMMAND")
def command(ctx: Context, _args: list[bytes]) -> Reply:
    """All commands."""
    return [_entry(one) for one in ctx.engine.table.values()]


@FAMILY.command("COMMAND|COUNT")
def count(ctx: Context, _args: list[bytes]) -> Reply:
    """How many there are."""
    return len(ctx.engine.table)


def _find(ctx: Context, name: bytes) -> Command | None:
    parent, _, child = name.upper().partition(b"|")
    found = ctx.engine.table.get(parent)
    return found.subcommands.get(child) if found is not None and child else found


@FAMILY.command("COMMAND|INFO")
def info(ctx: Context, args: list[bytes]) -> Reply:
    """The named commands, null for one that is not there."""
    if not args:
        return command(ctx, args)
    return [None if (found := _find(ctx, name)) is None else _entry(found) for name in args]


@FAMILY.command("COMMAND|LIST")
def list_(ctx: Context, args: list[bytes]) -> Reply:
    """The names, filtered by category, pattern or module."""
    everything: Iterable[Command] = [
        one for top in ctx.engine.table.values() for one in (top, *top.subcommands.values())
    ]
    if not args:
        return [one.shown_name.encode() for one in everything]
    if len(args) != 3 or args[0].upper() != b"FILTERBY":
        raise syntax()
    kind, value = args[1].upper(), args[2]
    if kind == b"MODULE":
        return [
            one.shown_name.encode()
            for one in everything
            if "module" in one.facts.flags and module_of(one.name).encode() == value
        ]
    if kind == b"ACLCAT":
        category = f"@{value.decode('utf-8', 'replace').lower()}"
        return [one.shown_name.encode() for one in everything if category in one.facts.categories]
    if kind == b"PATTERN":
        return [
            one.shown_name.encode()
            for one in everything
            if matches_nocase(value, one.shown_name.encode())
        ]
    raise syntax()


@FAMILY.command("COMMAND|DOCS")
def docs(ctx: Context, args: list[bytes]) -> Reply:
    """What is written of the named commands, of all without names."""
    names = args or list(ctx.engine.table)
    found = [one for name in names if (one := _find(ctx, name)) is not None]
    return {one.shown_name.encode(): _document(one) for one in found}


def _document(one: Command) -> Reply:
    known = DOCUMENTS.get(one.name, {})
    shown: dict[object, object] = {
        key.encode(): _argument(key, value) for key, value in known.items()
    }
    if one.subcommands:
        shown[b"subcommands"] = {
            child.shown_name.encode(): _document(child) for child in one.subcommands.values()
        }
    return shown


def _argument(key: str, value: Any) -> Reply:
    if key in {"doc_flags", "flags"}:
        return SetReply(Status(flag.encode()) for flag in value)
    if isinstance(value, Mapping):
        return {name.encode(): _argument(name, item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_argument("", item) for item in value]
    return value.encode() if isinstance(value, str) else value


def _keys_of_call(ctx: Context, args: list[bytes]) -> list[FoundKey]:
    found = _find(ctx, args[0])
    if found is not None and found.subcommands and len(args) > 1:
        found = found.subcommands.get(args[1].upper(), found)
    if found is None:
        raise ReplyError("Invalid command specified")
    if not has_keys(found.facts):
        raise ReplyError("The command has no key arguments")
    if not found.facts.accepts(len(args)):
        raise ReplyError("Invalid number of arguments specified for command")
    try:
        keys = find_keys(found.facts, args)
    except NoKeys:
        keys = []
    if not keys and "no_mandatory_keys" not in found.facts.flags:
        raise ReplyError("Invalid arguments specified for command")
    return keys


@FAMILY.command("COMMAND|GETKEYS")
def getkeys(ctx: Context, args: list[bytes]) -> Reply:
    """The keys in a call."""
    return [found.key for found in _keys_of_call(ctx, args)]


@FAMILY.command("COMMAND|GETKEYSANDFLAGS")
def getkeysandflags(ctx: Context, args: list[bytes]) -> Reply:
    """The keys in a call, and what is done with each."""
    return [
        [found.key, [Status(_flag(flag)) for flag in found.flags]]
        for found in _keys_of_call(ctx, args)
    ]


def _flag(flag: str) -> bytes:
    return flag.upper().encode() if flag in {"rw", "ro", "ow", "rm"} else flag.encode()
