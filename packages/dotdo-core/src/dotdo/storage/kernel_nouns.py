"""Nouns of the kernel's own: relationships and verbs, logged, undone and merged like any other row."""

from dotdo.storage import system
from dotdo.storage.schema import Column, Index, Noun, Unique

RELATIONSHIPS = Noun(
    id=system.RELATIONSHIP,
    name="$relationship",
    layout="columns",
    table="_rel",
    rowid="id",
    columns=(
        Column("id", "bigint", "id", is_nullable=False),
        Column("verb", "integer", "verb", is_nullable=False),
        Column("src_noun", "integer", "src_noun", is_nullable=False),
        Column("src", "bigint", "src", is_nullable=False),
        Column("dst_noun", "integer", "dst_noun"),
        Column("dst", "bigint", "dst"),
        Column("data", "jsonb", "data"),
    ),
    key=("id",),
    indexes=(
        Index("forward", ("verb", "src_noun", "src", "dst_noun", "dst")),
        Index("backward", ("verb", "dst_noun", "dst", "src_noun", "src")),
        Index("source", ("src_noun", "src")),
        Index("target", ("dst_noun", "dst")),
    ),
)

VERBS = Noun(
    id=system.VERB,
    name="$verb",
    layout="columns",
    table="_verb",
    rowid="id",
    columns=(
        Column("id", "bigint", "id", is_nullable=False),
        Column("action", "text", "action", is_nullable=False),
        Column("def", "text", "def", is_nullable=False),
    ),
    key=("id",),
    uniques=(Unique("action", ("action",)),),
)

KERNEL_NOUNS = (RELATIONSHIPS, VERBS)
