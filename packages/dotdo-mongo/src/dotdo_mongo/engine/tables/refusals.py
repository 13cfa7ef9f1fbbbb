"""What a table's own constraints refuse, as MongoDB tells it: a taken key is 11000, everything else failed validation (121)."""

from typing import Any

from dotdo import errors
from dotdo.storage import Noun
from dotdo_mongo.engine.indexes import duplicate
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_ENDS = " desc"


def refused(
    namespace: str, noun: Noun, document: Document, error: errors.DotdoError
) -> CommandFailure:
    """Return the failure of one write.

    Args:
        namespace: `db.collection`.
        noun: What was written to.
        document: That was to be stored.
        error: The kernel's.
    """
    if isinstance(error, errors.UniqueViolation):
        name, fields = _key(noun, error)
        index = {"name": name, "key": dict.fromkeys(fields, 1)}
        return duplicate(namespace, index, [_value(document, field) for field in fields])
    return failure(
        121,
        "Document failed validation",
        errInfo={"failingDocumentId": document.get("_id"), "details": _details(noun, error)},
    )


def _key(noun: Noun, error: errors.UniqueViolation) -> tuple[str, list[str]]:
    """Return the name and the fields of the key that is taken."""
    columns = tuple(error.columns)
    if columns and columns == noun.key:
        return "_id_", _fields(noun, columns)
    for unique in noun.uniques:
        if unique.columns == columns:
            return unique.name, _fields(noun, columns)
    name = (error.constraint or "").removeprefix(f"_ix {noun.table} ")
    for index in noun.indexes:
        plain = tuple(term.removesuffix(_ENDS).strip('"') for term in index.terms)
        if index.name == name or (columns and plain == columns):
            return index.name, _fields(noun, plain)
    return name or ", ".join(columns), _fields(noun, columns)


def _fields(noun: Noun, columns: tuple[str, ...]) -> list[str]:
    """Return what documents call columns: a key of one column is `_id`, of several they are in it."""
    names = {column.column: column.name for column in noun.columns}
    if columns == noun.key and len(columns) == 1:
        return ["_id"]
    inside = "_id." if len(noun.key) > 1 else ""
    return [
        "_id" if (column,) == noun.key else (inside if column in noun.key else "") + names[column]
        for column in columns
        if column in names
    ]


def _value(document: Document, field: str) -> Any:
    value: Any = document
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _details(noun: Noun, error: errors.DotdoError) -> Document:
    if isinstance(error, errors.NotNullViolation):
        fields = _fields(noun, tuple(error.columns))
        rule = {
            "operatorName": "required",
            "specifiedAs": {"required": fields},
            "missingProperties": fields,
        }
        return {"operatorName": "$jsonSchema", "schemaRulesNotSatisfied": [rule]}
    if isinstance(error, errors.CheckViolation):
        source = next((c.source or c.sql for c in noun.checks if c.name == error.constraint), "")
        return {
            "operatorName": error.constraint or "check",
            "specifiedAs": {"check": source},
            "reason": "expression did not match",
        }
    return {"operatorName": "$jsonSchema", "reason": str(error)}
