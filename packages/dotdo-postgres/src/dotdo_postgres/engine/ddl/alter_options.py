"""Commands of ALTER TABLE on the table as a whole: owner, storage parameters, row-level security, triggers on and off."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.owners import require_new_owner, with_owner_facts
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.acl import kept_items, with_owner
from dotdo_postgres.engine.objects.grantable import OWNER, of_noun
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
Filled = dict[str, str]


def _owner(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    name = role_named(session, planner, command["newowner"])
    target = of_noun(noun)
    require_new_owner(session, planner, target, name)
    if name == target.owner:
        return noun
    items = kept_items(with_owner(target.items, target.owner, name))
    return with_owner_facts(noun, target.owner, name, None if name == OWNER else name, items)


def _security(key: str, value: bool) -> Any:
    def act(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
        return with_facts(noun, **{key: True if value else None})

    return act


def _parameters(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    """Storage parameters tell PostgreSQL how to lay a table out; they are kept, to be shown."""
    options = dict(facts_of(noun).get("options", {}))
    for item in command["def"]["List"]["items"]:
        element = item["DefElem"]
        if command["subtype"] == "AT_ResetRelOptions":
            options.pop(element["defname"], None)
        else:
            ((_, body),) = element.get("arg", {"String": {"sval": "true"}}).items()
            options[element["defname"]] = str(next(iter(body.values()), 0))
    return with_facts(noun, options=options or None)


def _triggers(enabled: str) -> Any:
    def act(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
        triggers = dict(facts_of(noun).get("triggers", {}))
        wanted = [command["name"]] if "name" in command else list(triggers)
        for name in wanted:
            if name not in triggers:
                bare = split_name(noun.name)[1]
                raise error("42704", f'trigger "{name}" for table "{bare}" does not exist')
            triggers[name] = triggers[name] | {"enabled": enabled}
        return with_facts(noun, triggers=triggers or None)

    return act


def _nothing(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    """Where rows lie, how they are identified in a stream: there is one way only."""
    return noun


OPTION_COMMANDS: dict[str, Any] = {
    "AT_ChangeOwner": _owner, "AT_EnableRowSecurity": _security("row_security", True),
    "AT_DisableRowSecurity": _security("row_security", False), "AT_ForceRowSecurity": _security("force_row_security", True),
    "AT_NoForceRowSecurity": _security("force_row_security", False), "AT_SetRelOptions": _parameters,
    "AT_ResetRelOptions": _parameters, "AT_EnableTrig": _triggers("O"), "AT_DisableTrig": _triggers("D"),
    "AT_EnableTrigAll": _triggers("O"), "AT_DisableTrigAll": _triggers("D"), "AT_EnableTrigUser": _triggers("O"),
    "AT_DisableTrigUser": _triggers("D"), "AT_EnableAlwaysTrig": _triggers("A"), "AT_EnableReplicaTrig": _triggers("R"),
    "AT_ReplicaIdentity": _nothing, "AT_SetLogged": _nothing, "AT_SetUnLogged": _nothing, "AT_ClusterOn": _nothing,
    "AT_DropCluster": _nothing,
}  # fmt: skip
