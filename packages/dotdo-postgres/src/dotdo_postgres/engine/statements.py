"""The kinds of statements and who plans each; all others are not supported."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dotdo_postgres.engine.copy import plan_copy
from dotdo_postgres.engine.cursors import plan_close, plan_declare, plan_fetch
from dotdo_postgres.engine.ddl.alter_table import plan_alter_table
from dotdo_postgres.engine.ddl.comments import plan_comment
from dotdo_postgres.engine.ddl.create_table import plan_create_table
from dotdo_postgres.engine.ddl.databases import plan_create_database, plan_drop_database
from dotdo_postgres.engine.ddl.default_privileges import plan_default_privileges
from dotdo_postgres.engine.ddl.drop import plan_drop
from dotdo_postgres.engine.ddl.extensions import plan_create_extension
from dotdo_postgres.engine.ddl.grants import plan_grant
from dotdo_postgres.engine.ddl.indexes import plan_index
from dotdo_postgres.engine.ddl.memberships import plan_grant_role
from dotdo_postgres.engine.ddl.owners import plan_alter_owner, plan_drop_owned, plan_reassign_owned
from dotdo_postgres.engine.ddl.permissions import require_rights
from dotdo_postgres.engine.ddl.policies import plan_alter_policy, plan_create_policy
from dotdo_postgres.engine.ddl.rename import plan_rename, plan_set_schema
from dotdo_postgres.engine.ddl.roles import plan_alter_role, plan_create_role, plan_drop_role
from dotdo_postgres.engine.ddl.schemas import plan_create_schema
from dotdo_postgres.engine.ddl.sequences import plan_alter_sequence, plan_create_sequence
from dotdo_postgres.engine.ddl.table_as import plan_refresh, plan_table_as
from dotdo_postgres.engine.ddl.temporary import settling
from dotdo_postgres.engine.ddl.truncate import plan_truncate
from dotdo_postgres.engine.ddl.types import (
    plan_alter_domain,
    plan_alter_enum,
    plan_create_composite,
    plan_create_domain,
    plan_create_enum,
)
from dotdo_postgres.engine.ddl.views import plan_create_view
from dotdo_postgres.engine.dml.insert import plan_insert
from dotdo_postgres.engine.dml.merge import plan_merge
from dotdo_postgres.engine.dml.staged import CHANGING, has_changes, plan_staged, with_snapshots
from dotdo_postgres.engine.dml.update import plan_delete, plan_update
from dotdo_postgres.engine.explaining import plan_explain
from dotdo_postgres.engine.named import plan_deallocate, plan_execute, plan_prepare
from dotdo_postgres.engine.notifying import plan_listen, plan_notify, plan_unlisten
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import Node, Planner, PlanStatement, plan_select
from dotdo_postgres.engine.procedures.aggregates import plan_define
from dotdo_postgres.engine.procedures.altering import plan_alter_function
from dotdo_postgres.engine.procedures.commands import plan_call, plan_do
from dotdo_postgres.engine.procedures.define import plan_create_function
from dotdo_postgres.engine.table_locks import plan_lock
from dotdo_postgres.engine.triggers.definitions import plan_create_trigger
from dotdo_postgres.engine.triggers.pending import plan_set_constraints
from dotdo_postgres.engine.two_phase import plan_any_transaction
from dotdo_postgres.engine.upkeep import (
    plan_checkpoint,
    plan_cluster,
    plan_reindex,
    plan_vacuum,
)
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
    "MergeStmt": plan_merge,
    "CreateStmt": plan_create_table,
    "AlterTableStmt": plan_alter_table,
    "RenameStmt": plan_rename,
    "IndexStmt": plan_index,
    "DropStmt": plan_drop,
    "TruncateStmt": plan_truncate,
    "ViewStmt": plan_create_view,
    "CreateTableAsStmt": plan_table_as,
    "RefreshMatViewStmt": plan_refresh,
    "CreateSchemaStmt": plan_create_schema,
    "CreateExtensionStmt": plan_create_extension,
    "CreateSeqStmt": plan_create_sequence,
    "AlterSeqStmt": plan_alter_sequence,
    "CreateEnumStmt": plan_create_enum,
    "AlterEnumStmt": plan_alter_enum,
    "CreateDomainStmt": plan_create_domain,
    "AlterDomainStmt": plan_alter_domain,
    "CompositeTypeStmt": plan_create_composite,
    "CommentStmt": plan_comment,
    "CreateRoleStmt": plan_create_role,
    "AlterRoleStmt": plan_alter_role,
    "DropRoleStmt": plan_drop_role,
    "GrantRoleStmt": plan_grant_role,
    "GrantStmt": plan_grant,
    "AlterDefaultPrivilegesStmt": plan_default_privileges,
    "AlterOwnerStmt": plan_alter_owner,
    "ReassignOwnedStmt": plan_reassign_owned,
    "DropOwnedStmt": plan_drop_owned,
    "CreatePolicyStmt": plan_create_policy,
    "AlterPolicyStmt": plan_alter_policy,
    "AlterObjectSchemaStmt": plan_set_schema,
    "CreatedbStmt": plan_create_database,
    "DropdbStmt": plan_drop_database,
    "TransactionStmt": plan_any_transaction,
    "VariableSetStmt": plan_set,
    "VariableShowStmt": plan_show,
    "DiscardStmt": plan_discard,
    "PrepareStmt": plan_prepare,
    "ExecuteStmt": plan_execute,
    "DeallocateStmt": plan_deallocate,
    "DeclareCursorStmt": plan_declare,
    "FetchStmt": plan_fetch,
    "ClosePortalStmt": plan_close,
    "CopyStmt": plan_copy,
    "ListenStmt": plan_listen,
    "NotifyStmt": plan_notify,
    "UnlistenStmt": plan_unlisten,
    "CreateFunctionStmt": plan_create_function,
    "AlterFunctionStmt": plan_alter_function,
    "CallStmt": plan_call,
    "DefineStmt": plan_define,
    "ConstraintsSetStmt": plan_set_constraints,
    "CreateTrigStmt": plan_create_trigger,
    "DoStmt": plan_do,
    "ExplainStmt": plan_explain,
    "VacuumStmt": plan_vacuum,
    "ReindexStmt": plan_reindex,
    "ClusterStmt": plan_cluster,
    "CheckPointStmt": plan_checkpoint,
    "LockStmt": plan_lock,
}


_CHANGING = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_WITH = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def plan_statement(planner: Planner, node: Node | None) -> Prepared:
    """Plan a statement; None is the empty one.

    Raises:
        PostgresError: its kind is not supported (0A000), and whatever is wrong with it.
    """
    if node is None:
        return Prepared(None, (), "", _nothing, ends_failed_transaction=True)
    ((kind, body),) = node.items()
    require_rights(planner, kind, body)
    if kind == "SelectStmt" and "intoClause" in body:
        query = {key: value for key, value in body.items() if key != "intoClause"}
        into = {"query": {kind: query}, "into": body["intoClause"], "objtype": "OBJECT_TABLE"}
        require_rights(planner, "CreateTableAsStmt", into)
        return plan_table_as(planner, into | {"is_select_into": True})
    if kind in _WITH and has_changes(body):
        return plan_staged(planner, _PLANNERS, kind, body)
    plan = _PLANNERS.get(kind)
    if plan is None:
        raise not_supported(re.sub(r"(?<!^)(?=[A-Z])", " ", kind.removesuffix("Stmt")).upper())
    prepared = plan(planner, body)
    if kind in CHANGING and not planner.before and planner.binder_used.snapshots_read:
        prepared = with_snapshots(planner, prepared)
    if planner.session.has_on_commit and kind in _CHANGING:
        settling(prepared)
    return prepared


def _nothing(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    return Result(None, [], "")


def statement_kinds() -> frozenset[str]:
    """Return the kinds of parse trees that are planned."""
    return frozenset(_PLANNERS)
