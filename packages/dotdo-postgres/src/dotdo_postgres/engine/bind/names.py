"""Names PostgreSQL gives to columns of the select list that have no alias, and where a parse node stands."""

from __future__ import annotations

from typing import Any

ANONYMOUS = "?column?"
_SQL_VALUES = {
    "SVFOP_CURRENT_DATE": "current_date", "SVFOP_CURRENT_TIME": "current_time", "SVFOP_CURRENT_TIME_N": "current_time",
    "SVFOP_CURRENT_TIMESTAMP": "current_timestamp", "SVFOP_CURRENT_TIMESTAMP_N": "current_timestamp",
    "SVFOP_LOCALTIME": "localtime", "SVFOP_LOCALTIME_N": "localtime", "SVFOP_LOCALTIMESTAMP": "localtimestamp",
    "SVFOP_LOCALTIMESTAMP_N": "localtimestamp", "SVFOP_CURRENT_ROLE": "current_role", "SVFOP_CURRENT_USER": "current_user",
    "SVFOP_USER": "user", "SVFOP_SESSION_USER": "session_user", "SVFOP_CURRENT_CATALOG": "current_catalog",
    "SVFOP_CURRENT_SCHEMA": "current_schema",
}  # fmt: skip


def column_name(node: dict[str, Any]) -> str:
    """Return the name of an unnamed result column.

    Args:
        node: Parse node of the expression.

    Returns:
        A column's or function's name, `case`, `coalesce`, or `?column?`.
    """
    return _figure(node)[1] or ANONYMOUS


def _figure(node: dict[str, Any]) -> tuple[int, str]:  # noqa: C901, PLR0911 one step for each form of the grammar
    ((kind, body),) = node.items()
    if kind == "ColumnRef":
        last = [part["String"].get("sval", "") for part in body["fields"] if "String" in part]
        return (2, last[-1]) if last else (0, "")
    if kind == "FuncCall":
        return 2, body["funcname"][-1]["String"]["sval"]
    if kind == "A_Indirection":
        names = [part["String"]["sval"] for part in body.get("indirection", []) if "String" in part]
        return (2, names[-1]) if names else _figure(body["arg"])
    if kind == "TypeCast":
        strength, name = _figure(body["arg"])
        return (
            (strength, name)
            if strength > 1
            else (1, body["typeName"]["names"][-1]["String"]["sval"])
        )
    if kind == "CollateClause":
        return _figure(body["arg"])
    if kind == "A_Expr" and body.get("kind") == "AEXPR_NULLIF":
        return 2, "nullif"
    if kind == "CaseExpr":
        strength, name = _figure(body["defresult"]) if "defresult" in body else (0, "")
        return (strength, name) if strength > 1 else (1, "case")
    if kind == "SubLink":
        return _figure_subquery(body)
    if kind == "SQLValueFunction":
        return 2, _SQL_VALUES.get(body["op"], "")
    fixed = {
        "A_ArrayExpr": "array",
        "CoalesceExpr": "coalesce",
        "RowExpr": "row",
        "GroupingFunc": "grouping",
    }
    if kind in fixed:
        return 2, fixed[kind]
    if kind == "MinMaxExpr":
        return 2, "greatest" if body["op"] == "IS_GREATEST" else "least"
    return 0, ""


def _figure_subquery(body: dict[str, Any]) -> tuple[int, str]:
    if body["subLinkType"] == "EXISTS_SUBLINK":
        return 2, "exists"
    if body["subLinkType"] == "ARRAY_SUBLINK":
        return 2, "array"
    if body["subLinkType"] == "EXPR_SUBLINK":
        query = body["subselect"]["SelectStmt"]
        while "larg" in query:
            query = query["larg"]
        if query.get("targetList"):
            target = query["targetList"][0]["ResTarget"]
            return (2, target["name"]) if "name" in target else _figure(target["val"])
        return 2, "column1"
    return 0, ""


def first_location(node: object) -> int | None:
    """Return where the leftmost part of a parse node stands."""
    if isinstance(node, list):
        found = [at for item in node if (at := first_location(item)) is not None]
    elif isinstance(node, dict):
        found = [at for item in node.values() if (at := first_location(item)) is not None]
        found += [node["location"]] if node.get("location", -1) >= 0 else []
    else:
        return None
    return min(found, default=None)
