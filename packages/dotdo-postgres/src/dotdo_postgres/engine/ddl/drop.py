"""DROP TABLE and DROP INDEX, TRUNCATE, databases."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun, alter_noun, drop_noun
from dotdo.storage.names import quoted
from dotdo_postgres.engine.ddl.constraints import index_names
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.indexes import drop_indexes
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def plan_drop(planner: Planner, node: Node) -> Prepared:
    """Plan DROP TABLE and DROP INDEX."""
    kind = node["removeType"].removeprefix("OBJECT_")
    if kind not in {"TABLE", "INDEX"}:
        raise not_supported(f"DROP {kind}")
    return Prepared(None, (), f"DROP {kind}", define(_drop), detail=node)


def _names(node: Node) -> list[str]:
    return [item["List"]["items"][-1]["String"]["sval"] for item in node["objects"]]


def _drop(session: Session, planner: Planner, node: Node) -> None:
    names, is_missing_ok = _names(node), bool(node.get("missing_ok"))
    if node["removeType"] == "OBJECT_INDEX":
        drop_indexes(session, planner, names, is_missing_ok)
        return
    nouns: list[Noun] = []
    for name in names:
        noun = planner.catalog.noun(name)
        if noun is not None:
            nouns.append(noun)
        elif is_missing_ok and name not in index_names(planner.catalog):
            session.notice("NOTICE", "00000", f'table "{name}" does not exist, skipping')
        elif name in index_names(planner.catalog):
            hint = "Use DROP INDEX to remove an index."
            raise error("42809", f'"{name}" is not a table', hint=hint)
        else:
            raise error("42P01", f'table "{name}" does not exist')
    _detach(session, planner, nouns, node.get("behavior") == "DROP_CASCADE")
    for noun in _children_first(nouns):
        drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])


def _detach(session: Session, planner: Planner, nouns: list[Noun], cascade: bool) -> None:
    dropped = {noun.name for noun in nouns}
    depending = [
        (other, fk)
        for other in planner.catalog.nouns
        if other.name not in dropped
        for fk in other.foreign_keys
        if fk.target in dropped
    ]
    if depending and not cascade:
        lines = [
            f"constraint {fk.name} on table {other.name} depends on table {fk.target}"
            for other, fk in depending
        ]
        what = f"table {depending[0][1].target}" if len(dropped) == 1 else "desired object(s)"
        message = f"cannot drop {what} because other objects depend on {'it' if len(dropped) == 1 else 'them'}"
        hint = "Use DROP ... CASCADE to drop the dependent objects too."
        raise error("2BP01", message, detail="\n".join(lines), hint=hint)
    for other, fk in depending:
        session.notice(
            "NOTICE", "00000", f"drop cascades to constraint {fk.name} on table {other.name}"
        )
    for name in {other.name for other, _ in depending}:
        current = session.kernel.catalog.by_name[name]
        kept = tuple(fk for fk in current.foreign_keys if fk.target not in dropped)
        alter_noun(session.kernel, msgspec.structs.replace(current, foreign_keys=kept))


def _children_first(nouns: list[Noun]) -> list[Noun]:
    left, found = list(nouns), []
    while left:
        free = [
            n
            for n in left
            if not any(
                fk.target == n.name for other in left if other is not n for fk in other.foreign_keys
            )
        ]
        if not free:
            raise not_supported("dropping tables that refer to each other in a cycle")
        found += free
        left = [noun for noun in left if noun not in free]
    return found


# --- TRUNCATE ------------------------------------------------------------------------------


def plan_truncate(planner: Planner, node: Node) -> Prepared:
    """Plan TRUNCATE."""
    if node.get("restart_seqs"):
        raise not_supported("TRUNCATE ... RESTART IDENTITY")
    binder = planner.binder()
    relations = [binder.relation(item["RangeVar"]) for item in node["relations"]]
    prepared = Prepared(None, (), "TRUNCATE TABLE", _truncate, catalog=planner.catalog)
    wanted = {relation.name: relation.noun for relation in relations}
    cascade = node.get("behavior") == "DROP_CASCADE"
    grown = True
    while grown:
        grown = False
        for other in planner.catalog.nouns:
            fk = next((fk for fk in other.foreign_keys if fk.target in wanted), None)
            if fk is None or other.name in wanted:
                continue
            if not cascade:
                raise error(
                    "0A000",
                    "cannot truncate a table referenced in a foreign key constraint",
                    detail=f'Table "{other.name}" references "{fk.target}".',
                    hint=f'Truncate table "{other.name}" at the same time, or use TRUNCATE ... CASCADE.',
                )
            wanted[other.name] = other
            grown = True
    prepared.detail = [noun.table for noun in _order(list(wanted.values()))]
    return prepared


def _order(nouns: list[Noun]) -> list[Noun]:
    try:
        return _children_first(nouns)
    except PostgresError:  # a cycle: any order, foreign keys decide
        return nouns


def _truncate(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    kernel = session.kernel

    def work() -> None:
        for table in prepared.detail:
            kernel.execute(f"delete from {quoted(table)}")  # noqa: S608 -- quoted

    kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
    return Result(None, [], "TRUNCATE TABLE")


# --- databases -----------------------------------------------------------------------------


def plan_create_database(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE DATABASE.

    Raises:
        PostgresError: an option that would make it other than the databases here are (SQLSTATE 0A000).
    """
    for item in node.get("options", []):
        _refuse_option(item["DefElem"])
    return Prepared(
        None, (), "CREATE DATABASE", _database, detail=("CREATE DATABASE", node["dbname"], False)
    )


_OPTIONS = {
    "encoding": {"utf8", "utf-8", "unicode"}, "template": {"template0", "template1"},
    "lc_collate": {"c", "posix"}, "lc_ctype": {"c", "posix", "c.utf-8", "c.utf8"}, "locale": {"c", "posix"},
    "connection_limit": {"-1"}, "allow_connections": {"true", "on", "1"}, "is_template": {"false", "off", "0"},
    "tablespace": {"pg_default"}, "strategy": {"wal_log", "file_copy"}, "locale_provider": {"libc"},
}  # fmt: skip


def _refuse_option(option: Node) -> None:
    name, given = option["defname"], option.get("arg", {})
    if not given:  # DEFAULT
        return
    ((_, body),) = given.items()
    value = str(next(iter(body.values()), "")) if isinstance(body, dict) else str(body)
    if name not in _OPTIONS:
        raise not_supported(f"CREATE DATABASE with {name.upper()}", option.get("location"))
    if value.lower() not in _OPTIONS[name]:
        raise not_supported(
            f'CREATE DATABASE with {name.upper()} "{value}"', option.get("location")
        )


def plan_drop_database(planner: Planner, node: Node) -> Prepared:
    """Plan DROP DATABASE."""
    return Prepared(
        None,
        (),
        "DROP DATABASE",
        _database,
        detail=("DROP DATABASE", node["dbname"], bool(node.get("missing_ok"))),
    )


def _database(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    verb, name, is_missing_ok = prepared.detail
    if session.transaction_status is not type(session.transaction_status).IDLE:
        raise error("25001", f"{verb} cannot run inside a transaction block")
    session.databases(verb, name, is_missing_ok)
    return Result(None, [], verb)
