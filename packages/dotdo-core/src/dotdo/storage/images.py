"""Row images: a row as one JSONB array, and back. The form in which the log keeps what was before.

Order: row id, visibility, then what is particular to the layout, then the columns as they were added: a column added later only
lengthens the image. Blobs are hex text; a JSONB value is wrapped in an array so that a JSON null differs from NULL; in columns of
any type blobs are wrapped instead.
"""

from dotdo.storage.names import quoted
from dotdo.storage.schema import Column, Noun
from dotdo.storage.types import storage_of


class Images:
    """The SQL that makes and reads images of one noun's rows.

    Args:
        noun: The definition the images are made by.
    """

    __slots__ = ("columns", "delete", "insert", "kinds", "noun", "select", "select_many", "update")

    def __init__(self, noun: Noun) -> None:
        self.noun = noun
        table, rowid = quoted(noun.table), quoted(noun.rowid)
        parts = _parts(noun)
        self.columns = tuple(column for column, _ in parts)
        self.kinds = tuple(kind for _, kind in parts)
        names = ", ".join(map(quoted, self.columns))
        values = ", ".join(self.decoded("?1"))
        encoded = self.encoded("")
        self.select = f"select {encoded} from {table} where {rowid} = ?"
        self.select_many = f"select {rowid}, {encoded} from {table} where {rowid} in (select value from json_each(?))"
        self.insert = f"insert into {table}({names}) values ({values})"
        pairs = ", ".join(
            f"{quoted(c)} = {value}"
            for c, value in zip(self.columns, self.decoded("?1"), strict=True)
            if c != noun.rowid
        )
        stale = ", bson = null" if noun.layout == "document" else ""
        self.update = f"update {table} set {pairs}{stale} where {rowid} = ?2"
        self.delete = f"delete from {table} where {rowid} = ?"

    def encoded(self, row: str) -> str:
        """Return the expression that makes the image of `row` (`old.`, `new.` or nothing)."""
        parts = [
            _ENCODE[kind].format(f"{row}{quoted(c)}")
            for c, kind in zip(self.columns, self.kinds, strict=True)
        ]
        return "jsonb_array(" + ", ".join(parts) + ")"

    def decoded(self, image: str) -> list[str]:
        """Return, for each column, the expression that reads it out of `image`."""
        return [_DECODE[kind].format(image, i) for i, kind in enumerate(self.kinds)]

    def is_prefix_of(self, later: "Images") -> bool:
        """Images of this definition are also images of the later one, cut short."""
        n = len(self.columns)
        return self.columns == later.columns[:n] and self.kinds == later.kinds[:n]


def _parts(noun: Noun) -> list[tuple[str, str]]:
    if noun.layout == "document":
        return [
            (noun.rowid, "plain"),
            ("_visibility", "plain"),
            ("id", "any"),
            ("data", "document"),
        ]
    parts = [(noun.rowid, "plain"), ("_visibility", "plain"), ("_extra", "jsonb")]
    parts += [
        (c.column, _kind(c)) for c in noun.columns if c.column != noun.rowid and c.generated is None
    ]
    return parts


def _kind(column: Column) -> str:
    if column.type == "jsonb":
        return "jsonb"
    return {"BLOB": "blob", "ANY": "any"}.get(storage_of(column.type), "plain")


_ENCODE = {
    "plain": "{0}",
    "document": "{0}",
    "jsonb": "iif({0} is null, null, jsonb_array({0}))",
    "blob": "iif({0} is null, null, hex({0}))",
    "any": "iif(typeof({0}) = 'blob', jsonb_array(hex({0})), {0})",
}
_DECODE = {
    "plain": "({0} ->> {1})",
    "document": "jsonb({0} -> {1})",
    "jsonb": "iif({0} ->> {1} is null, null, jsonb({0} -> '$[{1}][0]'))",
    "blob": "unhex({0} ->> {1})",
    "any": "iif(json_type({0}, '$[{1}]') = 'array', unhex({0} ->> '$[{1}][0]'), {0} ->> {1})",
}
