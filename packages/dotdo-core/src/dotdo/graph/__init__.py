"""Nouns, verbs, things and relationships: the graph as programs use it."""

from dotdo.graph.context import Graph, TransactionScope
from dotdo.graph.nouns import Nouns
from dotdo.graph.relationships import Relationship, Relationships
from dotdo.graph.thing import Thing, Visibility
from dotdo.graph.things import Things
from dotdo.graph.verbs import Form, Verb, Verbs

__all__ = [
    "Form",
    "Graph",
    "Nouns",
    "Relationship",
    "Relationships",
    "Thing",
    "Things",
    "TransactionScope",
    "Verb",
    "Verbs",
    "Visibility",
]
