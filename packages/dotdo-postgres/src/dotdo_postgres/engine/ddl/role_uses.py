"""Where roles are named by what is kept of objects: owners, privileges, policies, memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.ddl.definitions import with_column_facts, with_facts
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.acl import kept_items, read_items, with_owner
from dotdo_postgres.engine.objects.grantable import Grantable, of_column, of_noun
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import EXTRA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Catalog, Noun
    from dotdo_postgres.engine.objects.names import Names

LISTS = ("acl", "sequence_acl")


def uses_of(names: Names, catalog: Catalog, name: str) -> list[str]:
    """Return what depends on a role, as the detail of an error tells it."""
    found: list[str] = []
    for noun in catalog.by_name.values():
        facts = facts_of(noun)
        if noun.name.startswith("$defacl "):
            if name == facts["role"] or _is_in(facts["acl"], name):
                found.append(_default_use(facts, name))
            continue
        if noun.name.startswith("$role "):
            continue
        target = of_noun(noun)
        if facts.get("owner") == name:
            found.append(f"owner of {_described(names, target)}")
        if _is_in(facts.get("acl"), name) and target.owner != name:
            found.append(f"privileges for {_described(names, target)}")
        found += _column_uses(names, noun, target, name)
        found += [
            f"target of policy {label} on table {target.name}"
            for label, policy in facts.get("policies", {}).items()
            if name in policy["roles"]
        ]
    return found


def _described(names: Names, target: Grantable) -> str:
    noun, shown = target.noun, target.name
    if noun is not None and target.kind not in "nd":
        is_table = noun.layout != "definition"
        schema = split_name(noun.name)[0] if is_table else split_definition(noun.name)[1]
        shown = shown if schema in names.path else f"{schema}.{shown}"
    return f"{target.word} {shown}{_arguments(target)}"


def _arguments(target: Grantable) -> str:
    if target.kind != "f" or target.noun is None:
        return ""
    from dotdo_postgres.mapping import types as t

    listed = facts_of(target.noun)["arguments"]
    return f"({','.join(t.format_type(oid) for oid in listed)})"


def _default_use(facts: dict[str, Any], name: str) -> str:
    words = {"r": "relations", "S": "sequences", "f": "functions", "T": "types", "n": "schemas"}
    place = f" in schema {facts['schema']}" if facts["schema"] else ""
    if name == facts["role"]:
        return f"owner of default privileges on new {words[facts['kind']]} belonging to role {name}{place}"
    return f"privileges for default privileges on new {words[facts['kind']]} belonging to role {facts['role']}{place}"


def _column_uses(names: Names, noun: Noun, target: Grantable, name: str) -> Iterator[str]:
    for column in noun.columns:
        if _is_in(kept_items(of_column(noun, column).items), name):
            yield f"privileges for column {column.name} of {_described(names, target)}"


def _is_in(kept: list[list[str]] | None, name: str) -> bool:
    return any(name in parts[:2] for parts in kept or ())


def renamed_role(noun: Noun, old: str, new: str) -> Noun:
    """Return a definition that names a role by its new name wherever it named it by the old one."""
    facts = facts_of(noun)
    changes: dict[str, Any] = {
        key: new for key in ("owner", "role") if facts.get(key) == old
    } | _renamed_lists(facts, old, new)
    for key in ("member_of", "admin_of"):
        if old in facts.get(key, ()):
            changes[key] = [new if name == old else name for name in facts[key]]
    if "granted_by" in facts:
        swap = {old: new}
        changes["granted_by"] = {
            swap.get(group, group): swap.get(by, by) for group, by in facts["granted_by"].items()
        }
    if any(old in policy["roles"] for policy in facts.get("policies", {}).values()):
        changes["policies"] = {
            label: policy | {"roles": [new if name == old else name for name in policy["roles"]]}
            for label, policy in facts["policies"].items()
        }
    columns = tuple(
        with_column_facts(column, **lists)
        if (lists := _renamed_lists(column.extra.get(EXTRA, {}), old, new))
        else column
        for column in noun.columns
    )
    changed = with_facts(noun, **changes) if changes else noun
    return msgspec.structs.replace(changed, columns=columns) if columns != noun.columns else changed


def _renamed_lists(facts: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {
        key: kept_items(with_owner(read_items(facts[key]), old, new))
        for key in LISTS
        if key in facts and _is_in(facts[key], old)
    }
