"""CREATE EXTENSION: the extensions that there are, kept by name with their schema; their functions come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun
from dotdo_postgres.engine.bind.extensions import functions_of
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error
from dotdo_postgres.spec.extensions import EXTENSIONS, PLPGSQL, Extension

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_FOLDER = "/usr/share/postgresql/15/extension"


def plan_create_extension(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan CREATE EXTENSION."""
    return Prepared(None, (), "CREATE EXTENSION", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    name = node["extname"]
    _require_name(name)
    if name == PLPGSQL.name or name in planner.names.objects.extensions:
        if not node.get("if_not_exists"):
            raise error("42710", f'extension "{name}" already exists')
        session.notice("NOTICE", "42710", f'extension "{name}" already exists, skipping')
        return
    options = _options(node)
    extension = _available(name)
    if not planner.names.actor.is_superuser:
        hint = "Must have CREATE privilege on current database to create this extension."
        raise error("42501", f'permission denied to create extension "{name}"', hint=hint)
    version = options.get("new_version", extension.version)
    if version != extension.version:
        message = (
            f'extension "{name}" has no installation script nor update path for version "{version}"'
        )
        raise error("22023", message)
    schema = options.get("schema") or planner.names.creation_schema
    if not planner.names.has_schema(schema):
        raise error("3F000", f'schema "{schema}" does not exist')
    _refuse_taken(planner.names, schema, name)
    facts = {"schema": schema, "version": version, "comment": extension.comment}
    noun = Noun(0, definition_name("extension", "", name), "definition", "", extra={EXTRA: facts})
    create_owned(session, noun)


def _require_name(name: str) -> None:
    details = {
        not name: "Extension names must not be empty.",
        "--" in name: 'Extension names must not contain "--".',
        name[:1] == "-" or name[-1:] == "-": 'Extension names must not begin or end with "-".',
        "/" in name
        or "\\" in name: "Extension names must not contain directory separator characters.",
    }
    if True in details:
        raise error("22023", f'invalid extension name: "{name}"', detail=details[True])


def _options(node: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in node.get("options", ()):
        option = item["DefElem"]
        if option["defname"] in found:
            raise error(
                "42601", "conflicting or redundant options", position=option.get("location", 0) + 1
            )
        found[option["defname"]] = option["arg"].get("String", {}).get("sval", "")
    return found


def _available(name: str) -> Extension:
    found = EXTENSIONS.get(name)
    if found is None:
        file = f"{_FOLDER}/{name}.control"
        raise error(
            "0A000",
            f'extension "{name}" is not available',
            detail=f'Could not open extension control file "{file}": No such file or directory.',
            hint="The extension must first be installed on the system where PostgreSQL is running.",
        )
    return found


def _refuse_taken(names: Names, schema: str, extension: str) -> None:
    for name, candidates in functions_of(extension).items():
        for noun in names.objects.functions.get((schema, name), ()):
            if tuple(facts_of(noun)["arguments"]) in {one.declared for one in candidates}:
                message = f'function "{name}" already exists with same argument types'
                raise error("42723", message)
