"""Commands on search indexes: refused as by a server that has no search beside it, once their arguments are well-formed."""

from typing import Any, NoReturn

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command, required
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.stages.search import refuse_search_indexes

_FACTS: dict[str, Any] = {"target": COLLECTION}
_ONE: Declared = {"id": kinds.STRING, "name": kinds.STRING}


@command("createSearchIndexes", {"indexes": required(kinds.OBJECTS)}, **_FACTS)
def create_search_indexes(request: Request) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    refuse_search_indexes()


@command("updateSearchIndex", {**_ONE, "definition": required(kinds.OBJECT)}, **_FACTS)
def update_search_index(request: Request) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    refuse_search_indexes()


@command("dropSearchIndex", _ONE, **_FACTS)
def drop_search_index(request: Request) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    refuse_search_indexes()


@command("listSearchIndexes", _ONE, **_FACTS)
def list_search_indexes(request: Request) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    refuse_search_indexes()


COMMANDS = (create_search_indexes, update_search_index, drop_search_index, list_search_indexes)
