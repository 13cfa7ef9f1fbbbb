"""ALTER FUNCTION and ALTER PROCEDURE with options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import alter_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.functions import require_function
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.procedures.options import Options, read_options

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_alter_function(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan ALTER FUNCTION."""
    word = node["objtype"].removeprefix("OBJECT_")
    return Prepared(None, (), f"ALTER {word}", define(_alter), detail=node)


def _alter(session: Session, planner: Planner, node: Node) -> None:
    kind = node["objtype"].removeprefix("OBJECT_")
    noun = require_function(planner, node["func"], kind)
    found = Options(facts={"config": facts_of(noun).get("config")})
    is_procedure = facts_of(noun)["kind"] == "p"
    found.facts |= read_options(
        session, node["actions"], is_procedure=is_procedure, is_altering=True
    ).facts
    alter_noun(session.kernel, with_facts(noun, **found.facts))
