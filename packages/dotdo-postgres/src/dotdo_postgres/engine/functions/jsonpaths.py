"""Functions and operators that run a jsonpath on jsonb (9.16.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsonpath_conditions import UnknownCondition
from dotdo_postgres.engine.functions.jsonpath_moments import JsonMoment
from dotdo_postgres.engine.functions.jsonpath_running import MISSING, Run
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import jsonpath, jsons

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.16")


def _run(
    target: str, parsed: jsonpath.Path, variables: str, zone: tzinfo | None
) -> tuple[Run, object]:
    given = jsons.parse(variables)
    if not isinstance(given, dict):
        detail = 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.'
        raise error("22023", '"vars" argument is not an object', detail=detail)
    root = jsons.parse(target)
    return Run(root, given, parsed.is_lax, zone=zone), root


def _results(
    target: str, path: str, variables: str, silent: int, zone: tzinfo | None
) -> tuple[list[object], bool]:
    """Return what a path gives, and whether it came to its end: a failure may be silent."""
    parsed = jsonpath.parse(path)
    run, root = _run(target, parsed, variables, zone)
    found: list[object] = []
    try:
        found.extend(run.items(parsed.item, root))
    except UnknownCondition as unknown:
        if not silent:
            raise unknown.failure from None
        return found, False
    return found, True


def _jsonb(value: object) -> str:
    return jsons.dump(jsons.canonical(_plain(value)))


def _plain(value: object) -> object:
    """Return a value with moments as their text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, JsonMoment) else value


def _exists(
    target: str, path: str, variables: str, silent: int, zone: tzinfo | None = None
) -> int | None:
    """Tell whether a path gives anything."""
    parsed = jsonpath.parse(path)
    if not parsed.is_lax:
        found, is_whole = _results(target, path, variables, silent, zone)
        return int(bool(found)) if is_whole else None
    run, root = _run(target, parsed, variables, zone)
    run.asked = parsed.item
    try:
        return int(next(run.items(parsed.item, root), MISSING) is not MISSING)
    except UnknownCondition as unknown:
        if silent:
            return None
        raise unknown.failure from None


def _match(
    target: str, path: str, variables: str, silent: int, zone: tzinfo | None = None
) -> int | None:
    """Return the truth value that a path gives (22038 for anything else)."""
    found, is_whole = _results(target, path, variables, silent, zone)
    if is_whole and len(found) == 1 and (found[0] is None or isinstance(found[0], bool)):
        return None if found[0] is None else int(found[0])
    if silent:
        return None
    raise error("22038", "single boolean result is expected")


def _query(
    target: str, path: str, variables: str, silent: int, zone: tzinfo | None = None
) -> list[str]:
    """Return what a path gives as rows."""
    return [_jsonb(value) for value in _results(target, path, variables, silent, zone)[0]]


def _array(target: str, path: str, variables: str, silent: int, zone: tzinfo | None = None) -> str:
    """Return what a path gives as an array."""
    return _jsonb(_results(target, path, variables, silent, zone)[0])


def _first(
    target: str, path: str, variables: str, silent: int, zone: tzinfo | None = None
) -> str | None:
    """Return the first that a path gives, NULL for nothing."""
    found, _ = _results(target, path, variables, silent, zone)
    return _jsonb(found[0]) if found else None


def _declare(name: str, returns: str, body: Callable[..., Any], *, is_series: bool = False) -> None:
    """Declare a function of a path, and the one that knows the session's time zone."""
    declare = FAMILY.series if is_series else FAMILY.function
    types = "jsonb, jsonpath, jsonb, boolean"

    @declare(f"{name}({types})", returns=returns)
    def run(target: str, path: str, variables: str = "{}", silent: int = 0) -> Any:
        return body(target, path, variables, silent)

    @declare(f"{name}_tz({types})", returns=returns, takes_session=True)
    def run_zoned(
        facts: Facts, target: str, path: str, variables: str = "{}", silent: int = 0
    ) -> Any:
        return body(target, path, variables, silent, facts.zone)


_declare("jsonb_path_exists", "boolean", _exists)
_declare("jsonb_path_match", "boolean", _match)
_declare("jsonb_path_query", "jsonb", _query, is_series=True)
_declare("jsonb_path_query_array", "jsonb", _array)
_declare("jsonb_path_query_first", "jsonb", _first)


@FAMILY.operator("jsonb @? jsonpath", returns="boolean")
def exists_operator(target: str, path: str) -> int | None:
    """Tell whether a path gives anything, NULL when it fails."""
    return _exists(target, path, "{}", 1)


@FAMILY.operator("jsonb @@ jsonpath", returns="boolean")
def match_operator(target: str, path: str) -> int | None:
    """Return the truth value that a path gives, NULL when it gives anything else."""
    return _match(target, path, "{}", 1)
