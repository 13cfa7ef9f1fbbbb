"""Nouns, verbs, things and relationships: the graph as programs use it."""

from dotdo.graph.context import Graph, TransactionScope
from dotdo.graph.fields import enter_new_fields, fields_of
from dotdo.graph.layouts import Rows, as_documents, as_relationships, as_rows
from dotdo.graph.nouns import (
    Nouns,
    check_field_name,
    check_noun_name,
    define_documents,
    field_expression,
    find_noun,
)
from dotdo.graph.relationships import Relationship, Relationships
from dotdo.graph.shapes import Kinds, Shape, shape_of
from dotdo.graph.thing import Thing, Visibility
from dotdo.graph.things import Things
from dotdo.graph.verbs import Form, Verb, Verbs

__all__ = [
    "Form",
    "Graph",
    "Kinds",
    "Nouns",
    "Relationship",
    "Relationships",
    "Rows",
    "Shape",
    "Thing",
    "Things",
    "TransactionScope",
    "Verb",
    "Verbs",
    "Visibility",
    "as_documents",
    "as_relationships",
    "as_rows",
    "check_field_name",
    "check_noun_name",
    "define_documents",
    "enter_new_fields",
    "field_expression",
    "fields_of",
    "find_noun",
    "shape_of",
]
