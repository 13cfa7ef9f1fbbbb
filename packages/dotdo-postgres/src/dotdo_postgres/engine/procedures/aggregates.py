"""Aggregates that users made: CREATE AGGREGATE, and how SQLite runs them, one call of the transition function for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.overloads import bind_polymorphic
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.procedures.define import keep, read_parameters
from dotdo_postgres.engine.udf.definition import written_type
from dotdo_postgres.engine.udf.resolve import resolve_routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.overloads import Candidate
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_TAKEN = frozenset({"sfunc", "sfunc1", "stype", "stype1", "finalfunc", "initcond", "initcond1", "basetype", "finalfunc_extra",
                    "combinefunc", "parallel", "sspace", "finalfunc_modify", "sortop", "serialfunc", "deserialfunc",
                    "msfunc", "minvfunc", "mstype", "msspace", "mfinalfunc", "mfinalfunc_extra", "mfinalfunc_modify", "minitcond"})  # fmt: skip


def plan_define(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE AGGREGATE and CREATE OPERATOR.

    Raises:
        PostgresError: another kind of definition (0A000).
    """
    del planner
    kind = node["kind"].removeprefix("OBJECT_")
    if kind == "AGGREGATE":
        return Prepared(None, (), "CREATE AGGREGATE", define(_create), detail=node)
    if kind == "OPERATOR":
        from dotdo_postgres.engine.procedures.operators import create_operator

        return Prepared(None, (), "CREATE OPERATOR", define(create_operator), detail=node)
    raise not_supported(f"CREATE {kind}")


def _create(  # noqa: PLR0914 -- one check after the other
    session: Session, planner: Planner, node: Node
) -> None:
    parts = [item["String"]["sval"] for item in node["defnames"]]
    place = {"relname": parts[-1]} | ({"schemaname": parts[-2]} if len(parts) > 1 else {})
    key = planner.names.key_to_create(place)
    options = _options(session, node)
    arguments = _arguments(planner, node, options)
    if "sfunc" not in options:
        raise error("42P13", "aggregate sfunc must be specified")
    if "stype" not in options:
        raise error("42P13", "aggregate stype must be specified")
    state, _ = written_type(planner.names, options["stype"]["TypeName"])
    kind = t.BY_OID.get(state)
    if kind is not None and kind.kind == "p" and state not in t.POLYMORPHIC:
        raise error("42P13", f"aggregate transition data type cannot be {t.format_type(state)}")
    if state in t.POLYMORPHIC and not set(arguments["types"]) & t.POLYMORPHIC:
        detail = f"A result of type {t.format_type(state)} requires at least one input of type anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange."
        raise error("42P13", "cannot determine transition data type", detail=detail)
    initial = options.get("initcond")
    transition = _function(planner, options["sfunc"], (state, *arguments["types"]))
    if not _same(transition.result, state, transition, (state, *arguments["types"])):
        shown = ".".join(_parts(options["sfunc"]))
        raise error(
            "42804", f"return type of transition function {shown} is not {t.format_type(state)}"
        )
    is_strict = _is_strict(transition)
    if (
        is_strict
        and initial is None
        and (not arguments["types"] or not can_coerce(arguments["types"][0], state))
    ):
        message = "must not omit initial value when transition function is strict and transition type is not compatible with input type"
        raise error("42P13", message)
    result, final = state, None
    if "finalfunc" in options:
        extra = arguments["types"] if _is_true(options.get("finalfunc_extra")) else ()
        found = _function(planner, options["finalfunc"], (state, *extra))
        result, final = found.result, _parts(options["finalfunc"])
        given = (state, *extra)
        if result in t.POLYMORPHIC and not set(given) & t.POLYMORPHIC:
            result = (bind_polymorphic(found.arguments, given) or {}).get(result, result)
        if result in t.POLYMORPHIC and not set(given) & t.POLYMORPHIC:
            raise error("42P13", "cannot determine result data type")
    facts: dict[str, Any] = {
        "kind": "a", "arguments": list(arguments["types"]), "all_arguments": arguments["all"], "modes": arguments["modes"],
        "argument_names": arguments["names"], "defaults": [], "default_texts": [], "variadic": arguments["variadic"], "result": result,
        "returns_set": False, "language": "internal", "body": "aggregate_dummy", "volatility": "i", "sfunc": _parts(options["sfunc"]),
        "stype": state, "finalfunc": final, "final_extra": _is_true(options.get("finalfunc_extra")), "sfunc_strict": is_strict,
        "initcond": None if initial is None else next(iter(initial["String"].values()), ""),
    }  # fmt: skip
    keep(session, planner, key, facts, is_replacing=bool(node.get("replace")))


def _options(session: Session, node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in node["definition"]:
        element = item["DefElem"]
        name = element["defname"]
        if name == "hypothetical":
            raise not_supported("an ordered-set aggregate of one's own")
        if name not in _TAKEN:
            session.notice("WARNING", "42601", f'aggregate attribute "{name}" not recognized')
            continue
        found[name.removesuffix("1") if name.endswith("1") else name] = element.get(
            "arg", {"Boolean": {"boolval": True}}
        )
    return found


def _arguments(planner: Planner, node: Node, options: dict[str, Any]) -> dict[str, Any]:
    if node.get("oldstyle"):
        base = options.get("basetype", {}).get("TypeName")
        if base is None:
            raise error("42P13", "aggregate input type must be specified")
        is_any = base["names"][-1]["String"]["sval"].lower() == "any"
        types = [] if is_any else [written_type(planner.names, base)[0]]
        return {"types": types, "all": None, "modes": None, "names": None, "variadic": 0}
    listed, place = node["args"][0], node["args"][1]["Integer"].get("ival", 0)
    if place >= 0 and "Integer" in node["args"][1] and place != -1:
        raise not_supported("an ordered-set aggregate of one's own")
    items = listed.get("List", {}).get("items", [])
    read = read_parameters(planner, items, is_procedure=False)
    has_modes = "v" in read.modes
    variadic = t.BY_OID[read.types[-1]].element if has_modes else 0
    if has_modes and read.types[-1] == t.ANYARRAY:
        variadic = t.ANYELEMENT
    return {
        "types": read.inputs, "all": read.types if has_modes else None, "modes": read.modes if has_modes else None,
        "names": read.names if any(read.names) else None, "variadic": variadic,
    }  # fmt: skip


def _parts(arg: Node) -> list[str]:
    if "TypeName" in arg:
        return [item["String"]["sval"] for item in arg["TypeName"]["names"]]
    if "List" in arg:
        return [item["String"]["sval"] for item in arg["List"]["items"]]
    return [str(next(iter(arg["String"].values())))]


def _is_true(arg: Node | None) -> bool:
    return arg is not None and bool(arg.get("Boolean", {}).get("boolval", True))


def _function(planner: Planner, arg: Node, types: tuple[int, ...]) -> Candidate:
    parts = _parts(arg)
    found = resolve_routine(planner.names, parts[-2] if len(parts) > 1 else None, parts[-1], types)
    if isinstance(found, str):
        shown = f"{'.'.join(parts)}({', '.join(t.format_type(oid) for oid in types)})"
        raise error("42883", f"function {shown} does not exist")
    return found


def _same(given: int, wanted: int, found: Candidate, types: tuple[int, ...]) -> bool:
    if given in t.POLYMORPHIC and wanted not in t.POLYMORPHIC:
        given = (bind_polymorphic(found.arguments, types) or {}).get(given, given)
    return given == wanted or can_coerce(given, wanted)


def _is_strict(found: Candidate) -> bool:
    from dotdo_postgres.engine.functions.registry import routines

    if found.stored is not None:
        return found.stored.is_strict
    for (group, _, declared), routine in routines().items():
        if group == "function" and declared == found.declared and routine.name == _name_of(found):
            return routine.is_strict
    return True


def _name_of(found: Candidate) -> str:
    return found.kind
