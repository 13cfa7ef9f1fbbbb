"""CREATE FUNCTION and CREATE PROCEDURE: arguments, result, options and body held against PostgreSQL's rules, then kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, alter_noun
from dotdo_postgres.engine.bind.extensions import is_of_extension
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.coercion import can_coerce, is_array
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned
from dotdo_postgres.engine.naming import definition_name, quote_ident
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.procedures.checking import check_routine
from dotdo_postgres.engine.procedures.options import read_options
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.engine.udf.definition import stored_of, type_text, written_type
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_MODES = {
    "FUNC_PARAM_DEFAULT": "i", "FUNC_PARAM_IN": "i", "FUNC_PARAM_OUT": "o", "FUNC_PARAM_INOUT": "b", "FUNC_PARAM_VARIADIC": "v",
    "FUNC_PARAM_TABLE": "t",
}  # fmt: skip


@dataclass(slots=True)
class Parameters:
    """The parameters of a routine as its definition lists them."""

    types: list[int] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    defaults: list[Node] = field(default_factory=list)
    default_texts: list[str] = field(default_factory=list)
    returns_set: bool = False

    @property
    def inputs(self) -> list[int]:
        """Types of what goes in."""
        return [oid for oid, mode in zip(self.types, self.modes, strict=True) if mode in "ibv"]

    @property
    def outputs(self) -> list[int]:
        """Types of what comes out."""
        return [oid for oid, mode in zip(self.types, self.modes, strict=True) if mode in "obt"]


def plan_create_function(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan CREATE FUNCTION and CREATE PROCEDURE."""
    tag = "CREATE PROCEDURE" if node.get("is_procedure") else "CREATE FUNCTION"
    return Prepared(None, (), tag, define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    is_procedure = bool(node.get("is_procedure"))
    parts = [item["String"]["sval"] for item in node["funcname"]]
    place = {"relname": parts[-1]} | ({"schemaname": parts[-2]} if len(parts) > 1 else {})
    schema, name = planner.names.key_to_create(place)
    options = read_options(session, node.get("options", []), is_procedure=is_procedure)
    parameters = read_parameters(
        planner, node.get("parameters", []), is_procedure=is_procedure, language=options.language
    )
    result, returns_set = _result(planner, node, parameters, is_procedure=is_procedure)
    _check_polymorphic(planner, parameters, result)
    facts = _facts(parameters, result, returns_set, is_procedure=is_procedure) | options.facts
    _take_body(facts, node, options.language)
    keep(session, planner, (schema, name), facts, is_replacing=bool(node.get("replace")))


def _take_body(facts: dict[str, Any], node: Node, language: str) -> None:
    body = node.get("sql_body")
    if body is None:
        if facts.get("body") is None:
            raise error("42P13", "no function body specified")
        return
    if facts.get("body") is not None:
        raise error("42P13", "duplicate function body specified")
    if language != "sql":
        raise error("42P13", "inline SQL function body only valid for language SQL")
    facts["body"] = ""
    facts["tree"] = (
        [item for part in body["List"]["items"] for item in part.get("List", {}).get("items", [])]
        if "List" in body
        else [body]
    )


def keep(
    session: Session,
    planner: Planner,
    key: tuple[str, str],
    facts: dict[str, Any],
    *,
    is_replacing: bool,
) -> None:
    """Keep a routine, in place of the one with the same arguments where that is allowed.

    Raises:
        PostgresError: there is one (42723), or it may not be replaced (42P13, 42809).
    """
    schema, name = key
    existing = _existing(planner, key, facts["arguments"])
    label = definition_name("function", schema, f"{name}({','.join(map(str, facts['arguments']))})")
    made = Noun(0, label, "definition", "", extra={EXTRA: facts})
    if existing is None and is_of_extension(planner.names, schema, name, facts["arguments"]):
        if is_replacing:
            raise not_supported("replacing a function of an extension")
        raise error("42723", f'function "{name}" already exists with same argument types')
    if existing is not None:
        if not is_replacing:
            raise error("42723", f'function "{name}" already exists with same argument types')
        _require_replaceable(planner, existing, facts, name)
        made = Noun(
            existing.id, label, "definition", "", extra={EXTRA: _replacement(existing, facts)}
        )
        alter_noun(session.kernel, made)
    else:
        create_owned(session, made)
    session.planner()  # the body may call the routine itself
    _check(session, session.names.catalog.by_name[label], planner.sql)


def _replacement(existing: Noun, facts: dict[str, Any]) -> dict[str, Any]:
    before = facts_of(existing)
    kept: dict[str, Any] = {
        name: before[name] for name in ("owner", "acl", "comment") if name in before
    }
    return {**facts, **kept}


def _check(session: Session, noun: Noun, sql: str) -> None:
    if session.settings.values.get("check_function_bodies", "on") == "off":
        return
    try:
        check_routine(session, stored_of(noun))
    except PostgresError as failure:
        at, body = getattr(failure, "body_position", None), facts_of(noun)["body"]
        if at is not None and body and sql.count(body) == 1:  # where in the statement it is
            failure.position, failure.context = sql.index(body) + at + 1, None
        raise


def _existing(planner: Planner, key: tuple[str, str], arguments: list[int]) -> Noun | None:
    for noun in planner.names.objects.functions.get(key, ()):
        if list(facts_of(noun)["arguments"]) == list(arguments):
            return noun
    return None


def _require_replaceable(
    planner: Planner, existing: Noun, facts: dict[str, Any], name: str
) -> None:
    before = facts_of(existing)
    words = {"f": "function", "p": "procedure", "a": "aggregate function"}
    if before["kind"] != facts["kind"]:
        detail = f'"{name}" is {"an" if before["kind"] == "a" else "a"} {words[before["kind"]]}.'
        raise error("42809", "cannot change routine kind", detail=detail)
    shown = f"{quote_ident(name)}({','.join(type_text(planner.names, oid) for oid in facts['arguments'])})"
    word = "PROCEDURE" if facts["kind"] == "p" else "FUNCTION"
    hint = f"Use DROP {word} {shown} first."
    old, new = stored_of(existing), facts
    if before["result"] != new["result"] or bool(before.get("returns_set")) != bool(
        new.get("returns_set")
    ):
        message = "cannot change return type of existing function"
        if facts["kind"] == "p":
            message = "cannot change whether a procedure has output parameters"
        raise error("42P13", message, hint=hint)
    if new["result"] == t.RECORD and _outs(before) != _outs(new):
        detail = "Row type defined by OUT parameters is different."
        raise error(
            "42P13", "cannot change return type of existing function", detail=detail, hint=hint
        )
    modes = new["modes"] or ["i"] * len(old.arguments)
    labels = new["argument_names"] or [""] * len(modes)
    names = [label for label, mode in zip(labels, modes, strict=True) if mode in "ibv"]
    for was, now in zip(old.names, names, strict=True):
        if was and was != now:
            raise error("42P13", f'cannot change name of input parameter "{was}"', hint=hint)
    if len(new.get("defaults", ())) < len(before.get("defaults", ())):
        raise error("42P13", "cannot remove parameter defaults from existing function", hint=hint)


def _outs(facts: dict[str, Any]) -> list[tuple[str, int]]:
    every = facts.get("all_arguments") or ()
    listed = zip(
        facts.get("argument_names") or [""] * len(every),
        every,
        facts.get("modes") or (),
        strict=True,
    )
    return [(name, oid) for name, oid, mode in listed if mode in "obt"]


def _facts(
    parameters: Parameters, result: int, returns_set: bool, *, is_procedure: bool
) -> dict[str, Any]:
    has_outs = bool(parameters.outputs)
    has_modes = has_outs or "v" in parameters.modes
    variadic = parameters.types[parameters.modes.index("v")] if "v" in parameters.modes else 0
    return {
        "kind": "p" if is_procedure else "f",
        "arguments": parameters.inputs,
        "all_arguments": parameters.types if has_modes else None,
        "modes": parameters.modes if has_modes else None,
        "argument_names": parameters.names if any(parameters.names) else None,
        "defaults": parameters.defaults,
        "default_texts": parameters.default_texts,
        "variadic": _element(variadic) if variadic else 0,
        "result": result,
        "returns_set": returns_set,
    }


_VARIADIC_ELEMENTS = {t.ANYARRAY: t.ANYELEMENT, t.ANYCOMPATIBLEARRAY: t.ANYCOMPATIBLE, t.ANY: t.ANY}


def _element(oid: int) -> int:
    return _VARIADIC_ELEMENTS.get(oid) or t.BY_OID[oid].element


# --- parameters ------------------------------------------------------------------------------


def read_parameters(
    planner: Planner, nodes: list[Node], *, is_procedure: bool, language: str = ""
) -> Parameters:
    """Read a list of parameters.

    Raises:
        PostgresError: names twice, defaults or VARIADIC out of place, types that are refused (42P13, 42704).
    """
    found = Parameters()
    for item in nodes:
        _parameter(
            planner, found, item["FunctionParameter"], is_procedure=is_procedure, language=language
        )
    return found


def _parameter(
    planner: Planner, found: Parameters, node: Node, *, is_procedure: bool, language: str
) -> None:
    mode, name = _MODES[node["mode"]], node.get("name", "")
    if node["argType"].get("setof"):
        word = "procedures" if is_procedure else "functions"
        raise error("42P13", f"{word} cannot accept set arguments")
    oid = _known_type(planner, node["argType"])
    kind = t.BY_OID.get(oid)
    if (
        kind is not None
        and kind.kind == "p"
        and oid not in t.POLYMORPHIC | {t.RECORD, t.ANY, 2275, 2281}
    ):
        raise error(
            "42P13", f"{_language(language)} functions cannot accept type {t.format_type(oid)}"
        )
    if mode in "ibv" and "v" in found.modes:
        raise error("42P13", "VARIADIC parameter must be the last input parameter")
    if is_procedure and mode == "o" and found.defaults:
        raise error(
            "42P13", "procedure OUT parameters cannot appear after one with a default value"
        )
    if mode == "v" and not (is_array(oid) or oid in _VARIADIC_ELEMENTS):
        raise error("42P13", "VARIADIC parameter must be an array")
    _require_new_name(found, name, mode)
    if "defexpr" in node:
        if mode not in "ibv":
            raise error("42P13", "only input parameters can have default values")
        _take_default(planner, found, node["defexpr"], oid)
    elif mode in "ibv" and found.defaults:
        raise error(
            "42P13", "input parameters after one with a default value must also have defaults"
        )
    found.types.append(oid)
    found.modes.append(mode)
    found.names.append(name)


def _known_type(planner: Planner, node: Node) -> int:
    try:
        oid = written_type(planner.names, node)[0]
    except PostgresError as failure:
        if failure.sqlstate != "42704":
            raise
        shown = ".".join(item["String"]["sval"] for item in node["names"])
        raise error("42704", f"type {shown} does not exist") from None
    if node.get("pct_type"):
        shown = ".".join(item["String"]["sval"] for item in node["names"])
        message = f"type reference {shown}%TYPE converted to {type_text(planner.names, oid)}"
        planner.session.notice("NOTICE", "00000", message)
    return oid


def _language(language: str) -> str:
    return {"sql": "SQL", "plpgsql": "PL/pgSQL"}.get(language, language)


def _require_new_name(found: Parameters, name: str, mode: str) -> None:
    if not name:
        return
    for other, before in zip(found.names, found.modes, strict=True):
        both_in, both_out = before in "ibv" and mode in "ibv", before in "obt" and mode in "obt"
        if other == name and (both_in or both_out or (not {before, mode} & {"t"} and True)):
            raise error("42P13", f'parameter name "{name}" used more than once')


def _take_default(planner: Planner, found: Parameters, tree: Node, oid: int) -> None:
    from dotdo_postgres.engine.catalog.deparse import deparse
    from dotdo_postgres.engine.catalog.expressions import showing_binder

    binder = showing_binder(planner.names)
    if "ColumnRef" in repr(tree):
        binder.expression(tree, Scope(clause="DEFAULT"))
        raise error("42P10", "cannot use table references in parameter default value")
    expr = binder.expression(tree, Scope(clause="DEFAULT"))
    if (
        oid not in t.POLYMORPHIC
        and expr.type != t.UNKNOWN
        and not can_coerce(expr.type, oid, "assignment")
    ):
        message = f"argument of DEFAULT must be type {t.format_type(oid)}, not type {t.format_type(expr.type)}"
        raise error("42804", message, position=expr.location)
    if expr.type == t.UNKNOWN and oid not in t.POLYMORPHIC:
        expr = binder.coercer.coerce(expr, oid)
    found.defaults.append(tree)
    try:
        found.default_texts.append(deparse(expr))
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
        found.default_texts.append("?")


# --- the result ------------------------------------------------------------------------------


def _result(
    planner: Planner, node: Node, parameters: Parameters, *, is_procedure: bool
) -> tuple[int, bool]:
    outs = parameters.outputs
    implied = t.RECORD if len(outs) > 1 or (is_procedure and outs) else outs[0] if outs else 0
    if is_procedure:
        return (t.RECORD if outs else t.VOID), False
    returns = node.get("returnType")
    if returns is None:
        if not implied:
            raise error("42P13", "function result type must be specified")
        return implied, False
    if "t" in parameters.modes:
        return (t.RECORD if len(outs) > 1 else outs[0]), True
    oid = _known_type(planner, returns)
    if implied and oid != implied:
        shown = t.format_type(implied)
        raise error("42P13", f"function result type must be {shown} because of OUT parameters")
    return oid, bool(returns.get("setof"))


_GROUPS = (
    ({t.ANYELEMENT, t.ANYARRAY, t.ANYNONARRAY, t.ANYENUM, t.ANYRANGE, t.ANYMULTIRANGE},
     "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange"),
    ({t.ANYCOMPATIBLE, t.ANYCOMPATIBLEARRAY, t.ANYCOMPATIBLENONARRAY, t.ANYCOMPATIBLERANGE, t.ANYCOMPATIBLEMULTIRANGE},
     "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"),
)  # fmt: skip
_SPANS = {
    t.ANYRANGE: ({t.ANYRANGE, t.ANYMULTIRANGE}, "anyrange or anymultirange"),
    t.ANYMULTIRANGE: ({t.ANYRANGE, t.ANYMULTIRANGE}, "anyrange or anymultirange"),
    t.ANYCOMPATIBLERANGE: ({t.ANYCOMPATIBLERANGE, t.ANYCOMPATIBLEMULTIRANGE}, "anycompatiblerange or anycompatiblemultirange"),
    t.ANYCOMPATIBLEMULTIRANGE: ({t.ANYCOMPATIBLERANGE, t.ANYCOMPATIBLEMULTIRANGE}, "anycompatiblerange or anycompatiblemultirange"),
}  # fmt: skip


def _check_polymorphic(planner: Planner, parameters: Parameters, result: int) -> None:
    """See that every polymorphic type that comes out follows from one that goes in."""
    del planner
    inputs = set(parameters.inputs)
    for oid in [result, *parameters.outputs]:
        if oid not in t.POLYMORPHIC or oid in inputs:
            continue
        family, listed = _SPANS.get(oid) or next(group for group in _GROUPS if oid in group[0])
        if not inputs & family:
            detail = f"A result of type {t.format_type(oid)} requires at least one input of type {listed}."
            raise error("42P13", "cannot determine result data type", detail=detail)


__all__ = ["keep", "not_supported", "plan_create_function", "read_parameters"]
