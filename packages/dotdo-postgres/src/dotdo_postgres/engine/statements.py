"""The kinds of statements and who plans each; all others are not supported."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dotdo_postgres.engine.ddl.alter_table import plan_alter_table, plan_rename
from dotdo_postgres.engine.ddl.create_table import plan_create_table
from dotdo_postgres.engine.ddl.drop import (
    plan_create_database,
    plan_drop,
    plan_drop_database,
    plan_truncate,
)
from dotdo_postgres.engine.ddl.indexes import plan_index
from dotdo_postgres.engine.dml.insert import plan_insert
from dotdo_postgres.engine.dml.update import plan_delete, plan_update
from dotdo_postgres.engine.named import plan_deallocate
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import Node, Planner, PlanStatement, plan_select
from dotdo_postgres.engine.transactions import plan_transaction
from dotdo_postgres.engine.variables import plan_discard, plan_set, plan_show
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_PLANNERS: dict[str, PlanStatement] = {
    "SelectStmt": plan_select,
    "InsertStmt": plan_insert,
    "UpdateStmt": plan_update,
    "DeleteStmt": plan_delete,
    "CreateStmt": plan_create_table,
    "AlterTableStmt": plan_alter_table,
    "RenameStmt": plan_rename,
    "IndexStmt": plan_index,
    "DropStmt": plan_drop,
    "TruncateStmt": plan_truncate,
    "CreatedbStmt": plan_create_database,
    "DropdbStmt": plan_drop_database,
    "TransactionStmt": plan_transaction,
    "VariableSetStmt": plan_set,
    "VariableShowStmt": plan_show,
    "DiscardStmt": plan_discard,
    "DeallocateStmt": plan_deallocate,
}


def plan_statement(planner: Planner, node: Node | None) -> Prepared:
    """Plan a statement; None is the empty one.

    Raises:
        PostgresError: its kind is not supported (0A000), and whatever is wrong with it.
    """
    if node is None:
        return Prepared(None, (), "", _nothing, ends_failed_transaction=True)
    ((kind, body),) = node.items()
    plan = _PLANNERS.get(kind)
    if plan is None:
        raise not_supported(re.sub(r"(?<!^)(?=[A-Z])", " ", kind.removesuffix("Stmt")).upper())
    return plan(planner, body)


def _nothing(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    return Result(None, [], "")
