"""Validators of collections; a stub until it is there."""

from dotdo_mongo.engine.context import Context, Document


def validate(document: Document, validator: Document, context: Context) -> Document | None:
    """Return None when the document satisfies the validator, else MongoDB's `details` of the failure (for errInfo)."""
    raise NotImplementedError
