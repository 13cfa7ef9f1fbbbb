"""Operators that users made: CREATE and DROP OPERATOR, and their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, create_noun
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.overloads import Candidate, choose, operator_candidates
from dotdo_postgres.engine.procedures.binding import call_arguments, make_call
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.engine.udf.definition import written_type
from dotdo_postgres.engine.udf.resolve import resolve_routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_PLAIN = frozenset({"leftarg", "rightarg", "function", "procedure"})
_ADVICE = frozenset(
    {
        "commutator",
        "negator",
        "restrict",
        "join",
        "hashes",
        "merges",
        "sort1",
        "sort2",
        "ltcmp",
        "gtcmp",
    }
)


def create_operator(session: Session, planner: Planner, node: Node) -> None:
    """Run CREATE OPERATOR.

    Raises:
        PostgresError: no function (42P13, 42883), no operands (42P13), it is there already (42723).
    """
    parts = [item["String"]["sval"] for item in node["defnames"]]
    schema = (
        planner.names.require_schema(parts[-2]) if len(parts) > 1 else planner.names.creation_schema
    )
    options: dict[str, Any] = {}
    for item in node["definition"]:
        element = item["DefElem"]
        name = element["defname"]
        if name not in _PLAIN | _ADVICE:
            session.notice("WARNING", "42601", f'operator attribute "{name}" not recognized')
            continue
        options["function" if name == "procedure" else name] = element.get("arg")
    if options.get("function") is None:
        raise error("42P13", "operator function must be specified")
    left, right = (_operand(planner, options.get(key)) for key in ("leftarg", "rightarg"))
    if not left and not right:
        raise error("42P13", "operator argument types must be specified")
    if not right:
        detail = "Postfix operators are not supported."
        raise error("42P13", "operator right argument type must be specified", detail=detail)
    types = (left, right) if left else (right,)
    function = [item["String"]["sval"] for item in options["function"]["TypeName"]["names"]]
    found = resolve_routine(
        planner.names, function[-2] if len(function) > 1 else None, function[-1], types
    )
    if isinstance(found, str):
        shown = f"{'.'.join(function)}({', '.join(t.format_type(oid) for oid in types)})"
        raise error("42883", f"function {shown} does not exist")
    label = definition_name("operator", schema, f"{parts[-1]}({left},{right})")
    if planner.catalog.noun(label) is not None:
        raise error("42723", f"operator {parts[-1]} already exists")
    facts = {
        "name": parts[-1],
        "left": left,
        "right": right,
        "function": function,
        "result": found.result,
    }
    create_noun(session.kernel, Noun(0, label, "definition", "", extra={EXTRA: facts}))


def _operand(planner: Planner, arg: Node | None) -> int:
    if arg is None:
        return 0
    if arg["TypeName"].get("setof"):
        raise error("42P13", "SETOF type not allowed for operator argument")
    return written_type(planner.names, arg["TypeName"])[0]


def bind_user_operator(
    binder: Binder, name: str, operands: list[ir.Expr], location: int
) -> ir.Expr | None:
    """Bind an operator that users made; None when PostgreSQL's own is meant, or none fits."""
    from dotdo_postgres.engine.bind.scope import Scope

    types = tuple(operand.type for operand in operands)
    made: dict[tuple[int, ...], Noun] = {}
    candidates = []
    for noun in binder.names.objects.operators.get(name, ()):
        facts = facts_of(noun)
        declared = (facts["left"], facts["right"]) if facts["left"] else (facts["right"],)
        if len(declared) == len(types):
            made[declared] = noun
            candidates.append(Candidate(declared, declared, facts["result"], "o"))
    if not candidates:
        return None
    found = choose([*operator_candidates(name, len(types)), *candidates], types)
    if isinstance(found, str) or found.declared not in made:
        return None
    parts = facts_of(made[found.declared])["function"]
    function = resolve_routine(
        binder.names, parts[-2] if len(parts) > 1 else None, parts[-1], found.declared
    )
    if isinstance(function, str):
        return None
    if function.stored is None:
        from dotdo_postgres.engine.bind.calls import call_resolved

        return call_resolved(binder, function, operands, parts[-1], location)
    args, result = call_arguments(binder, function, operands)
    return make_call(binder, function.stored, args, result, Scope(clause="SELECT"), location)
