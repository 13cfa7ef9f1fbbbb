"""Validators of collections: whether a document satisfies one, and what of it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.match.schema.parser import subschema
from dotdo_mongo.engine.values import MISSING

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document


def compile_validator(
    validator: Document, context: Context
) -> Callable[[Document], Document | None]:
    """Return the function that gives None for a document that satisfies the validator, else the `details` of errInfo."""
    matches = compile_match(validator, context)

    def validate_one(document: Document) -> Document | None:
        return None if matches(document) else _details(validator, document)

    return validate_one


def validate(document: Document, validator: Document, context: Context) -> Document | None:
    """Return None when the document satisfies the validator, else MongoDB's `details` of the failure."""
    return compile_validator(validator, context)(document)


def _details(validator: Mapping[str, Any], document: Document) -> Document:
    if list(validator) == ["$jsonSchema"]:
        return {
            "operatorName": "$jsonSchema",
            "schemaRulesNotSatisfied": rules_not_satisfied(
                dict(validator["$jsonSchema"]), document
            ),
        }
    ((name, value), *rest) = validator.items()
    if rest:
        return {
            "operatorName": "$and",
            "clausesNotSatisfied": [{"details": _details(validator, document)}] if not rest else [],
        }
    return {
        "operatorName": next(iter(value)) if isinstance(value, Mapping) and value else "$eq",
        "specifiedAs": {name: value},
        "reason": "comparison failed" if name in document else "field was missing",
    }


def rules_not_satisfied(schema: dict[str, Any], value: Any) -> list[Document]:
    """Return the keywords of a schema that a value breaks, as errInfo shows them."""
    found: list[Document] = []
    for name, (argument, test) in subschema(schema).keywords.items():
        if not test(value):
            found.append(_rule(name, argument, value))
    return found


def _rule(name: str, argument: Any, value: Any) -> Document:
    if name == "required":
        missing = [one for one in argument if one not in value]
        return {"operatorName": name, "specifiedAs": {name: argument}, "missingProperties": missing}
    if name == "properties":
        return {
            "operatorName": name,
            "propertiesNotSatisfied": [
                _property(field, rules, value[field])
                for field, rules in argument.items()
                if field in value and rules_not_satisfied(dict(rules), value[field])
            ],
        }
    return {
        "operatorName": name,
        "specifiedAs": {name: argument},
        "reason": "comparison failed",
        "consideredValue": None if value is MISSING else value,
    }


def _property(name: str, rules: Mapping[str, Any], value: Any) -> Document:
    found: Document = {"propertyName": name}
    if "description" in rules:
        found["description"] = rules["description"]
    return {**found, "details": rules_not_satisfied(dict(rules), value)}
