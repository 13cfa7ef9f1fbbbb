"""The failures of a search: what is wrong with a query or a definition, told as the search service tells it."""

from typing import Any

from dotdo_mongo.errors import CommandFailure, failure

_KINDS = {
    dict: "document",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}


def wrong(text: str) -> CommandFailure:
    """Return the failure of a search query. Code 8."""
    return failure(8, f"PlanExecutor error during aggregation :: caused by :: {text}")


def field(spec: Any, where: str, name: str, *kinds: type, default: Any = None) -> Any:
    """Return a member of a part of a query, which is of one of some types.

    Args:
        spec: The part.
        where: Its name in the query.
        name: The member's.
        kinds: What it may be; `float` is any number.
        default: What it is when absent; the type itself (`...`) says that it must be there.

    Raises:
        CommandFailure: It is absent, or of another type (code 8).
    """
    value = spec.get(name)
    path = f"{where}.{name}" if where else name
    if value is None:
        if default is ...:
            raise wrong(f'"{path}" is required')
        return default
    if kinds and not any(_is(value, kind) for kind in kinds):
        wanted = " or ".join(_KINDS.get(kind, kind.__name__) for kind in kinds)
        raise wrong(f'"{path}" must be a {wanted}')
    return value


def _is(value: Any, kind: type) -> bool:
    if kind in {int, float}:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (isinstance(value, float) and (kind is float or value.is_integer()))
    return isinstance(value, kind)


def only(spec: Any, where: str, *names: str) -> dict[str, Any]:
    """Return a part of a query that has no other members.

    Raises:
        CommandFailure: It has, or is no document (code 8).
    """
    if not isinstance(spec, dict):
        raise wrong(f'"{where}" must be a document')
    for name in spec:
        if name not in names:
            raise wrong(
                f'"{where}" contains an unrecognized field "{name}"'
                if where
                else f'unrecognized field "{name}"'
            )
    return spec
