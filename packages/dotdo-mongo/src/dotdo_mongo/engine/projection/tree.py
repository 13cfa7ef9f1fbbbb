"""A projection's fields as a tree: what is kept, what is dropped, what is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions import Expr
from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.values import MISSING
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEP, DROP = "keep", "drop"
Leaf = Expr | str


@dataclass(slots=True)
class Node:
    """The fields below one name, in the order in which they were named."""

    children: dict[str, Node | Leaf] = field(default_factory=dict)

    def put(self, names: tuple[str, ...], leaf: Leaf) -> None:
        """Set a leaf.

        Raises:
            CommandFailure: another path is this one or its parent (31250, 31249).
        """
        node = self
        for index, name in enumerate(names[:-1]):
            inner = node.children.setdefault(name, Node())
            if not isinstance(inner, Node):
                rest = ".".join(names[index + 1 :])
                raise failure(
                    31249, f"Path collision at {'.'.join(names)} remaining portion {rest}"
                )
            node = inner
        if names[-1] in node.children:
            raise failure(31250, f"Path collision at {'.'.join(names)}")
        node.children[names[-1]] = leaf

    def has_computed(self) -> bool:
        """Whether something below is computed."""
        return any(
            child.has_computed() if isinstance(child, Node) else isinstance(child, Expr)
            for child in self.children.values()
        )

    def computed(self) -> Iterator[tuple[str, Node | Expr]]:
        """Yield the children that compute."""
        for name, child in self.children.items():
            if isinstance(child, Expr) or (isinstance(child, Node) and child.has_computed()):
                yield name, child


def included(node: Node, document: Any) -> dict[str, Any]:
    """Return what the tree keeps of a document, in the document's order."""
    found = {}
    children = node.children
    for name, value in document.items():
        child = children.get(name)
        if child is None or isinstance(child, Expr):
            continue
        if isinstance(child, Node):
            value = _included_value(child, value)  # noqa: PLW2901  the part that is kept
            if value is MISSING:
                continue
        found[name] = value
    return found


def _included_value(node: Node, value: Any) -> Any:
    if type(value) is list:
        parts = [_included_value(node, member) for member in value]
        return [part for part in parts if part is not MISSING]
    document = as_document(value)
    return MISSING if document is None else included(node, document)


def excluded(node: Node, document: Any) -> dict[str, Any]:
    """Return a document without what the tree drops."""
    found = {}
    children = node.children
    for name, value in document.items():
        child = children.get(name)
        if child is None or child == KEEP:
            found[name] = value
        elif isinstance(child, Node):
            found[name] = _excluded_value(child, value)
    return found


def _excluded_value(node: Node, value: Any) -> Any:
    if type(value) is list:
        return [_excluded_value(node, member) for member in value]
    document = as_document(value)
    return value if document is None else excluded(node, document)


def add_computed(
    node: Node, target: dict[str, Any], root: Any, variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Set in a document what the tree computes from the root; a computed MISSING removes."""
    known = {} if variables is None else variables
    for name, child in node.computed():
        if isinstance(child, Expr):
            value = child.evaluate(root, known)
        else:
            value = _computed_value(child, target.get(name, MISSING), root, known)
        if value is MISSING:
            target.pop(name, None)
        else:
            target[name] = value
    return target


def _computed_value(node: Node, value: Any, root: Any, variables: dict[str, Any]) -> Any:
    if type(value) is list:
        return [_computed_value(node, member, root, variables) for member in value]
    document = as_document(value)
    return add_computed(node, dict(document) if document is not None else {}, root, variables)
