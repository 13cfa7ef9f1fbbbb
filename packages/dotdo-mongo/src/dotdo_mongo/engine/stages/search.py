"""$search, $searchMeta, $vectorSearch and $listSearchIndexes: refused, where there is no search index, as by a server that has no search beside it."""

from __future__ import annotations

from typing import Any, NoReturn

from dotdo_mongo.engine.stages.declare import Family, Place, Run
from dotdo_mongo.errors import failure

FAMILY = Family("search")
_WAY = (
    "requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable. For more"
    " information on how to connect, see https://dochub.mongodb.org/core/atlas-cli-deploy-local-reqs."
)


# MongoDB looks at its configuration before the argument and the place of the stage.
def _searching(name: str) -> None:
    def parse(argument: Any, place: Place) -> Run:
        """Begin with what a search finds. Codes 31082, 40602, 40600, and those of the search."""
        context = place.context
        context.search(name, argument, context)  # which sees whether it may
        if "facet" in context.features:
            raise failure(40600, f"{name} is not allowed to be used within a $facet stage")
        if place.index:
            raise failure(40602, f"{name} is only valid as the first stage in a pipeline.")
        return lambda _: iter(context.search(name, argument, context))

    FAMILY.stage(name)(parse)


for _name in ("$search", "$searchMeta", "$vectorSearch"):
    _searching(_name)


@FAMILY.stage("$listSearchIndexes")
def list_search_indexes(argument: Any, place: Place) -> Run:
    """List the search indexes of the collection. Codes 31082, 40602, 40415."""
    context = place.context
    context.search("$listSearchIndexes", argument, context)
    if place.index:
        raise failure(40602, "$listSearchIndexes is only valid as the first stage in a pipeline.")
    return lambda _: iter(context.search("$listSearchIndexes", argument, context))


def refuse_search() -> NoReturn:
    """Refuse to search where there is no search index, as a server that has no search beside it. Code 31082."""
    raise failure(31082, f"Using $search and $vectorSearch aggregation stages {_WAY}")


def refuse_search_indexes() -> NoReturn:
    """Refuse what is asked of the search indexes of a collection that is not there. Code 31082."""
    raise failure(
        31082,
        f"Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage {_WAY}",
    )
