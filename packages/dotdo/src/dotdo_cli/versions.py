"""One thing as the command line names it, and its versions up to the moment that a reference names."""

from collections.abc import Iterator
from typing import Any

from dotdo.errors import InvalidValue, ThingNotFound
from dotdo.graph import Thing
from dotdo.history import Version
from dotdo.values import decode
from dotdo_cli.documents import Document, version_document
from dotdo_cli.settings import Settings


def find_thing(settings: Settings, ref: str, noun: str, identity: str) -> tuple[Thing | None, Any]:
    """Return a thing, None when it was deleted, and its id.

    Args:
        settings: Where to look.
        ref: The reference.
        noun: The thing's noun.
        identity: Its id as it was typed: text, or JSON.

    Raises:
        UnknownNoun: There is no such noun.
        ThingNotFound: There is and was no such thing.
    """
    tenant = settings.tenant(ref)
    definition = tenant.nouns.get(noun)
    for key in _readings(identity):
        try:
            return tenant.things.get(definition.name, key), key
        except (ThingNotFound, InvalidValue):
            continue
    for key in _readings(identity):
        try:
            if _versions(settings, ref, definition.name, key):
                return None, key
        except InvalidValue:
            continue
    msg = f"there is no {definition.name} {identity!r} in {ref}"
    raise ThingNotFound(msg)


def _readings(identity: str) -> Iterator[Any]:
    """Yield what the typed id may mean: the text itself, then the number or the list of a key's parts that it spells."""
    yield identity
    try:
        value = decode(identity)
    except ValueError:
        return
    if isinstance(value, list):
        yield tuple(value)
    elif value is not None and not isinstance(value, str | dict):
        yield value


def history_of(settings: Settings, ref: str, noun: str, key: object) -> list[Document]:
    """Return the versions of a thing, the oldest first, none of them later than the reference's moment."""
    found = _versions(settings, ref, noun, key)
    return [
        version_document(version, before)
        for version, before in zip(found, [None, *found], strict=False)
    ]


def _versions(settings: Settings, ref: str, noun: str, key: object) -> list[Version]:
    """Read them from the branch's head: the past has no history of its own."""
    upto = settings.tenant(ref).version
    return [v for v in settings.head(ref).history((noun, key)) if v.seq <= upto]
