"""The order of an enum's values: the place of a label in the list of all."""

from __future__ import annotations

from dotdo_postgres.engine.compile import nodes as n

SEPARATOR = "\x1f"


def label_list(labels: tuple[str, ...]) -> str:
    """Return all labels in one text."""
    return SEPARATOR + "".join(label + SEPARATOR for label in labels)


def rank(node: n.Node, labels: tuple[str, ...]) -> n.Node:
    """Write the place of a label, which grows with the order; NULL for NULL."""
    marked = n.binary("||", n.binary("||", n.string(SEPARATOR), node), n.string(SEPARATOR))
    return n.call("instr", n.string(label_list(labels)), marked)
