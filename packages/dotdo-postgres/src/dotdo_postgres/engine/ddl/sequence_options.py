"""Options of sequences, by themselves and behind identity columns: read, checked, filled in as PostgreSQL does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.collected import Sequence
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
_LIMITS = {
    t.INT2: (-(1 << 15), (1 << 15) - 1),
    t.INT4: (-(1 << 31), (1 << 31) - 1),
    t.INT8: (-(1 << 63), (1 << 63) - 1),
}
_PLAIN = {"type": t.INT8, "start": 1, "increment": 1, "minimum": 1, "cache": 1, "is_cycled": False}


def read_options(planner: Planner, nodes: list[Node]) -> dict[str, Any]:
    """Read options as written: by the names of the grammar, None for NO MINVALUE and NO MAXVALUE.

    Raises:
        PostgresError: an option twice (42601).
    """
    found: dict[str, Any] = {}
    for item in nodes:
        element = item["DefElem"]
        name = element["defname"]
        if name in found:
            raise error(
                "42601", "conflicting or redundant options", position=element.get("location")
            )
        found[name] = _value(planner, name, element.get("arg"))
    return found


def _value(planner: Planner, name: str, arg: Node | None) -> Any:
    if arg is None:
        return None
    ((kind, body),) = arg.items()
    if kind == "Integer":
        return body.get("ival", 0)
    if kind == "Float":
        return int(body["fval"])
    if kind == "Boolean":
        return bool(body.get("boolval", False))
    if kind == "TypeName":
        return resolve_type(body, planner.names)[0]
    if kind == "List":
        return [part["String"]["sval"] for part in body["items"]]
    raise error("42601", f'invalid value for option "{name}"')


def settled(  # noqa: C901 -- one clause for each option
    options: dict[str, Any], before: Sequence | None = None
) -> dict[str, Any]:
    """Return the facts of a sequence.

    Args:
        options: As `read_options` gives them.
        before: The sequence that is altered, None for a new one.

    Raises:
        PostgresError: options that cannot be (22023).
    """
    oid = options.get("as") or (before.type if before is not None else t.INT8)
    if oid not in _LIMITS:
        raise error("22023", "sequence type must be smallint, integer, or bigint")
    low, high = _LIMITS[oid]
    increment = options.get("increment", before.increment if before is not None else 1)
    if increment == 0:
        raise error("22023", "INCREMENT must not be zero")
    minimum = _limit(
        options,
        "minvalue",
        before.minimum if before is not None and "as" not in options else None,
        1 if increment > 0 else low,
    )
    maximum = _limit(
        options,
        "maxvalue",
        before.maximum if before is not None and "as" not in options else None,
        high if increment > 0 else -1,
    )
    for word, value in (("MAXVALUE", maximum), ("MINVALUE", minimum)):
        if not low <= value <= high:
            raise error(
                "22023",
                f"{word} ({value}) is out of range for sequence data type {t.format_type(oid)}",
            )
    if minimum >= maximum:
        raise error("22023", f"MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})")
    start = options.get("start")
    if start is None:
        start = before.start if before is not None else minimum if increment > 0 else maximum
    for word, value in (
        ("START", start),
        *((("RESTART", options["restart"]),) if options.get("restart") is not None else ()),
    ):
        if value < minimum:
            raise error("22023", f"{word} value ({value}) cannot be less than MINVALUE ({minimum})")
        if value > maximum:
            raise error(
                "22023", f"{word} value ({value}) cannot be greater than MAXVALUE ({maximum})"
            )
    cache = options.get("cache", before.cache if before is not None else 1)
    if cache < 1:
        raise error("22023", f"CACHE ({cache}) must be greater than zero")
    is_cycled = options.get("cycle", before.is_cycled if before is not None else False)
    return {
        "type": oid, "start": start, "increment": increment, "minimum": minimum, "maximum": maximum, "cache": cache, "is_cycled": is_cycled,
    }  # fmt: skip


def _limit(options: dict[str, Any], name: str, before: int | None, default: int) -> int:
    if name in options:
        return default if options[name] is None else int(options[name])
    return default if before is None else before


def serial_options(
    planner: Planner, oid: int, nodes: list[Node]
) -> tuple[str | None, dict[str, Any]]:
    """Read the options of an identity column: the name of its sequence, and what differs from the plain one."""
    options = read_options(planner, nodes)
    name = options.pop("sequence_name", None)
    options.setdefault("as", oid)
    found = settled(options)
    plain = _PLAIN | {"type": oid, "maximum": _LIMITS[oid][1]}
    return (name[-1] if name else None), {
        key: value for key, value in found.items() if plain.get(key) != value
    }
