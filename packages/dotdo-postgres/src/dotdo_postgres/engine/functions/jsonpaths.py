"""Functions and operators that run a jsonpath on jsonb (9.16.2)."""

from __future__ import annotations

from dotdo_postgres.engine.functions.jsonpath_conditions import UnknownCondition
from dotdo_postgres.engine.functions.jsonpath_running import MISSING, Run
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import jsonpath, jsons

FAMILY = Family("9.16")


def _results(target: str, path: str, variables: str, silent: int) -> tuple[list[object], bool]:
    """Return what a path gives, and whether it came to its end: a failure may be silent."""
    parsed = jsonpath.parse(path)
    given = jsons.parse(variables)
    if not isinstance(given, dict):
        detail = 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.'
        raise error("22023", '"vars" argument is not an object', detail=detail)
    root = jsons.parse(target)
    found: list[object] = []
    try:
        found.extend(Run(root, given, parsed.is_lax).items(parsed.item, root))
    except UnknownCondition as unknown:
        if not silent:
            raise unknown.failure from None
        return found, False
    return found, True


def _jsonb(value: object) -> str:
    return jsons.dump(jsons.canonical(value))


def _exists(target: str, path: str, variables: str, silent: int) -> int | None:
    parsed = jsonpath.parse(path)
    if parsed.is_lax:
        given = jsons.parse(variables)
        root = jsons.parse(target)
        run = Run(root, given if isinstance(given, dict) else {}, parsed.is_lax)
        try:
            return int(next(run.items(parsed.item, root), MISSING) is not MISSING)
        except UnknownCondition as unknown:
            if silent:
                return None
            raise unknown.failure from None
    found, is_whole = _results(target, path, variables, silent)
    return int(bool(found)) if is_whole else None


def _match(target: str, path: str, variables: str, silent: int) -> int | None:
    found, is_whole = _results(target, path, variables, silent)
    if is_whole and len(found) == 1 and (found[0] is None or isinstance(found[0], bool)):
        return None if found[0] is None else int(found[0])
    if silent:
        return None
    raise error("22038", "single boolean result is expected")


_TYPES = "jsonb, jsonpath, jsonb, boolean"


@FAMILY.function(
    f"jsonb_path_exists({_TYPES})", f"jsonb_path_exists_tz({_TYPES})", returns="boolean"
)
def path_exists(target: str, path: str, variables: str = "{}", silent: int = 0) -> int | None:
    """Tell whether a path gives anything."""
    return _exists(target, path, variables, silent)


@FAMILY.function(f"jsonb_path_match({_TYPES})", f"jsonb_path_match_tz({_TYPES})", returns="boolean")
def path_match(target: str, path: str, variables: str = "{}", silent: int = 0) -> int | None:
    """Return the truth value that a path gives.

    Raises:
        PostgresError: it gives anything else (SQLSTATE 22038).
    """
    return _match(target, path, variables, silent)


@FAMILY.operator("jsonb @? jsonpath", returns="boolean")
def exists_operator(target: str, path: str) -> int | None:
    """Tell whether a path gives anything, NULL when it fails."""
    return _exists(target, path, "{}", 1)


@FAMILY.operator("jsonb @@ jsonpath", returns="boolean")
def match_operator(target: str, path: str) -> int | None:
    """Return the truth value that a path gives, NULL when it gives anything else."""
    return _match(target, path, "{}", 1)


@FAMILY.series(f"jsonb_path_query({_TYPES})", f"jsonb_path_query_tz({_TYPES})", returns="jsonb")
def path_query(target: str, path: str, variables: str = "{}", silent: int = 0) -> list[str]:
    """Return what a path gives as rows."""
    return [_jsonb(value) for value in _results(target, path, variables, silent)[0]]


@FAMILY.function(
    f"jsonb_path_query_array({_TYPES})", f"jsonb_path_query_array_tz({_TYPES})", returns="jsonb"
)
def path_query_array(target: str, path: str, variables: str = "{}", silent: int = 0) -> str:
    """Return what a path gives as an array."""
    return _jsonb(_results(target, path, variables, silent)[0])


@FAMILY.function(
    f"jsonb_path_query_first({_TYPES})", f"jsonb_path_query_first_tz({_TYPES})", returns="jsonb"
)
def path_query_first(target: str, path: str, variables: str = "{}", silent: int = 0) -> str | None:
    """Return the first that a path gives, NULL for nothing."""
    found, _ = _results(target, path, variables, silent)
    return _jsonb(found[0]) if found else None
