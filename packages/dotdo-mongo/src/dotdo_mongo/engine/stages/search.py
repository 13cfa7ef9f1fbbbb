"""$search, $searchMeta, $vectorSearch and $listSearchIndexes: refused as by a server that has no search beside it."""

from __future__ import annotations

from typing import Any, NoReturn

from dotdo_mongo.engine.stages.declare import Family, Place
from dotdo_mongo.errors import failure

FAMILY = Family("search")
_WAY = (
    "requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable. For more"
    " information on how to connect, see https://dochub.mongodb.org/core/atlas-cli-deploy-local-reqs."
)


# MongoDB looks at its configuration before the argument and the place of the stage.
@FAMILY.stage("$search", "$searchMeta", "$vectorSearch")
def search(argument: Any, place: Place) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    raise failure(31082, f"Using $search and $vectorSearch aggregation stages {_WAY}")


@FAMILY.stage("$listSearchIndexes")
def list_search_indexes(argument: Any, place: Place) -> NoReturn:  # noqa: ARG001
    """Refuse. Code 31082."""
    refuse_search_indexes()


def refuse_search_indexes() -> NoReturn:
    """Refuse what is asked of search indexes. Code 31082."""
    raise failure(
        31082,
        f"Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage {_WAY}",
    )
