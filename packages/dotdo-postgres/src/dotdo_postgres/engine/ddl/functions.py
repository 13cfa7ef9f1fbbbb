"""Functions that statements name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]


def find_function(planner: Planner, node: Node, kind: str) -> Noun | str:
    """Return the definition of a function, or how it is called in the error.

    Raises:
        PostgresError: the name alone means several (42725).
    """
    from dotdo_postgres.engine.bind.typenames import resolve_type
    from dotdo_postgres.engine.objects.kept import facts_of

    parts = [item["String"]["sval"] for item in node["objname"]]
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    word = {"PROCEDURE": "procedure", "AGGREGATE": "aggregate"}.get(kind, "function")
    found = []
    for place in planner.names.path if schema is None else (schema,):
        found += planner.names.objects.functions.get((place, name), [])
    if node.get("args_unspecified"):
        if len(found) > 1:
            hint = f"Specify the argument list to select the {word} unambiguously."
            raise error("42725", f'{word} name "{name}" is not unique', hint=hint)
        return found[0] if found else f'could not find a {word} named "{name}"'
    types = [resolve_type(item["TypeName"], planner.names)[0] for item in node.get("objargs", [])]
    for noun in found:
        is_same = list(facts_of(noun)["arguments"]) == types
        if is_same and _kind_fits(noun, kind):
            return noun
        if is_same:
            shown = f"{'.'.join(parts)}({', '.join(t.format_type(oid) for oid in types)})"
            raise error("42809", f"{shown} is not {'an' if word == 'aggregate' else 'a'} {word}")
    return f"{word} {'.'.join(parts)}({', '.join(t.format_type(oid) for oid in types)})"


def _kind_fits(noun: Noun, kind: str) -> bool:
    from dotdo_postgres.engine.objects.kept import facts_of

    wanted = {"FUNCTION": "f", "PROCEDURE": "p", "AGGREGATE": "a"}.get(kind)
    return wanted is None or facts_of(noun)["kind"] == wanted


def require_function(planner: Planner, node: Node, kind: str) -> Noun:
    """Return the definition of a function.

    Raises:
        PostgresError: there is none (42883).
    """
    found = find_function(planner, node, kind)
    if isinstance(found, str):
        raise error("42883", f"{found} does not exist")
    return found


def require_immutable(planner: Planner, tree: Any, message: str) -> None:
    """See that what users made and an expression calls gives the same for the same arguments for ever.

    Raises:
        PostgresError: a function is not marked IMMUTABLE (42P17).
    """
    from dotdo_postgres.engine.objects.kept import facts_of

    if isinstance(tree, list):
        for item in tree:
            require_immutable(planner, item, message)
    if not isinstance(tree, dict):
        return
    call = tree.get("FuncCall")
    if isinstance(call, dict):
        name = call["funcname"][-1]["String"]["sval"]
        made = [
            n
            for (_, label), nouns in planner.names.objects.functions.items()
            if label == name
            for n in nouns
        ]
        if made and all(facts_of(noun).get("volatility", "v") != "i" for noun in made):
            raise error("42P17", message)
    for value in tree.values():
        require_immutable(planner, value, message)
