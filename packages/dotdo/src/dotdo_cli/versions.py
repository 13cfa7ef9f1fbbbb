"""One thing as the command line names it, and its versions."""

from collections.abc import Iterator
from typing import Any

from dotdo import Tenant, Thing
from dotdo.errors import InvalidValue, ThingNotFound
from dotdo.values import decode
from dotdo_cli.documents import Document, version_document


def find_thing(tenant: Tenant, noun: str, identity: str) -> tuple[Thing | None, Any]:
    """Return a thing, None when it was deleted, and its id.

    Args:
        tenant: Where to look.
        noun: The thing's noun.
        identity: Its id as it was typed: text, or JSON.

    Raises:
        UnknownNoun: There is no such noun.
        ThingNotFound: There is and was no such thing.
    """
    name = tenant.nouns.get(noun).name
    for key in _readings(identity):
        try:
            return tenant.things.get(name, key), key
        except (ThingNotFound, InvalidValue):
            continue
    for key in _readings(identity):
        try:
            if tenant.history((name, key)):
                return None, key
        except InvalidValue:
            continue
    msg = f"there is no {name} {identity!r}"
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


def history_of(tenant: Tenant, noun: str, key: Any) -> list[Document]:
    """Return the versions of a thing, the oldest first."""
    found = tenant.history((noun, key))
    return [
        version_document(version, before)
        for version, before in zip(found, [None, *found], strict=False)
    ]
