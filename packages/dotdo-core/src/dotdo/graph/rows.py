"""Things of one noun as SQL: the statements, and the conversion of rows both ways. Made once for each definition."""

from collections.abc import Callable, Mapping
from typing import cast

from dotdo.errors import InvalidValue
from dotdo.graph.nouns import check_field_name, member_path
from dotdo.graph.thing import Thing
from dotdo.sql import codec_of, key_to_python, key_to_storage, stored_value
from dotdo.storage import Catalog, Noun, Row
from dotdo.storage.names import quoted
from dotdo.values import Canonical, decode, encode

VISIBILITIES = frozenset({"public", "unlisted", "org", "user"})
_MOST_CHANGED = 10_000  # so many fields in one update: SQLite takes 32,766 values
_AT_ONCE = 50  # of them in one call of jsonb_set


def is_visibility(value: object) -> bool:
    """The value says who may see a thing."""
    return isinstance(value, str) and value in VISIBILITIES


def json_changed(document: str, n: int) -> str:
    """Return the expression that sets `n` members of a document, each a path and a JSON text bound.

    Raises:
        InvalidValue: They are too many.
    """
    if n > _MOST_CHANGED:
        msg = f"one update changes at most {_MOST_CHANGED} fields, not {n}"
        raise InvalidValue(msg)
    while n:
        some = min(n, _AT_ONCE)
        document = f"jsonb_set({document}{', ?, jsonb(?)' * some})"
        n -= some
    return document


class DocumentRows:
    """Things of a noun of layout `document`.

    Args:
        noun: The definition.
    """

    def __init__(self, noun: Noun) -> None:
        self.noun, self._name = noun, noun.name
        table = quoted(noun.table)
        self.columns = "_id, id, json(data), _visibility"
        self.by_id = f"select {self.columns} from {table} where id = ?"
        self.insert = f"insert into {table}(_id, id, data, _visibility) values (?, ?, jsonb(?), ?)"
        self._update = f"update {table} set bson = null, _visibility = coalesce(?, _visibility)"
        self.replace = (
            f"update {table} set bson = null, data = jsonb(?) where id = ? returning {self.columns}"
        )
        self.delete = f"delete from {table} where id = ? returning _id"

    def thing(self, row: Row) -> Thing:
        """Return the thing of a row read with `columns`."""
        number, key, text, visibility = row
        if type(key) is not int:
            key = key_to_python(key)
        return Thing(self._name, key, number, decode(text), visibility)

    def key(self, identity: object) -> tuple[Canonical, ...]:
        """Return an id as the parameters of `by_id`."""
        return (key_to_storage(identity),)

    def insertion(
        self, row: int, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[Canonical, ...]:
        """Return the parameters of `insert`."""
        for name in fields:
            check_field_name(name)
        return (row, key_to_storage(identity), encode(fields), visibility)

    def update(
        self, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Canonical]]:
        """Return the statement that changes these fields, returning the row."""
        params: list[Canonical] = [visibility]
        for name, value in fields.items():
            params += [member_path(name), encode(value)]
        sets = f", data = {json_changed('data', len(fields))}" if fields else ""
        text = f"{self._update}{sets} where id = ? returning {self.columns}"
        return text, [*params, key_to_storage(identity)]


class ColumnRows:
    """Things of a noun of layout `columns`.

    Args:
        noun: The definition.
    """

    def __init__(self, noun: Noun) -> None:
        self.noun, self._name = noun, noun.name
        table, rowid = quoted(noun.table), quoted(noun.rowid)
        names = [c.column for c in noun.columns]
        self._names = [c.name for c in noun.columns]
        self._readers: list[tuple[str, Callable[[Canonical], Canonical] | None]] = [
            (c.name, codec_of(c.type).to_python) for c in noun.columns
        ]
        self._by_name = {c.name: c for c in noun.columns}
        self._key_at = [names.index(k) for k in noun.key]
        self._key_columns = [noun.columns[i] for i in self._key_at]
        self._is_plain = not any(reader for _, reader in self._readers)
        read = ", ".join(
            f"json({quoted(c.column)})" if c.type == "jsonb" else quoted(c.column)
            for c in noun.columns
        )
        self.columns = f"{rowid}, json(_extra), _visibility, {read}"
        keys = noun.key or (noun.rowid,)
        where = " and ".join(f"{quoted(k)} = ?" for k in keys)
        self._table, self._where = table, where
        self.by_id = f"select {self.columns} from {table} where {where}"
        self.delete = f"delete from {table} where {where} returning {rowid}"

    def thing(self, row: Row) -> Thing:
        """Return the thing of a row read with `columns`."""
        number, extra, visibility, *values = row
        if self._is_plain:
            fields: dict[str, Canonical] = dict(zip(self._names, values, strict=True))
        else:
            fields = {
                name: value if reader is None or value is None else reader(value)
                for (name, reader), value in zip(self._readers, values, strict=True)
            }
        if extra is not None:
            fields |= decode(extra)
        return Thing(self._name, self._identity(number, fields), number, fields, visibility)

    def _identity(self, number: object, fields: dict[str, Canonical]) -> Canonical:
        if not self._key_columns:
            return number
        values = tuple([fields[c.name] for c in self._key_columns])
        return values[0] if len(values) == 1 else values

    def key(self, identity: object) -> tuple[Canonical, ...]:
        """Return an id as the parameters of `by_id`.

        Raises:
            InvalidValue: It has not as many parts as the key.
        """
        if not self._key_columns:
            return (identity,)
        parts = identity if isinstance(identity, tuple) else (identity,)
        if len(parts) != len(self._key_columns):
            msg = f"the key of {self._name!r} has {len(self._key_columns)} parts, not {len(parts)}"
            raise InvalidValue(msg)
        return tuple(
            [stored_value(c, part) for c, part in zip(self._key_columns, parts, strict=True)]
        )

    def creation(
        self, row: int | None, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Canonical]]:
        """Return the statement that inserts a thing, returning the row.

        Args:
            row: Value of the hidden row id, None when the key is the row id.
            fields: Values by field, those of the key among them.
            visibility: Who may see it; None for the default.
        """
        names, values, params = self._split(fields)
        if row is not None:
            names, values, params = ["_id", *names], ["?", *values], [row, *params]
        names, values, params = [*names, "_visibility"], [*values, "?"], [*params, visibility]
        text = f"insert into {self._table}({', '.join(map(quoted, names))}) values ({', '.join(values)}) returning {self.columns}"
        return text, params

    def _split(self, fields: Mapping[str, object]) -> tuple[list[str], list[str], list[Canonical]]:
        names, values, params = [], [], []
        extra = {}
        for name, value in fields.items():
            column = self._by_name.get(name)
            if column is None:
                extra[check_field_name(name)] = value
                continue
            names.append(column.column)
            values.append("jsonb(?)" if column.type == "jsonb" else "?")
            params.append(stored_value(column, value))
        if extra:
            names.append("_extra")
            values.append("jsonb(?)")
            params.append(encode(extra))
        return names, values, params

    def update(
        self, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Canonical]]:
        """Return the statement that changes these fields, returning the row."""
        sets, params = [], []
        extra: list[Canonical] = []
        for name, value in fields.items():
            column = self._by_name.get(name)
            if column is None:
                extra += [member_path(name), encode(value)]
            else:
                sets.append(
                    f"{quoted(column.column)} = {'jsonb(?)' if column.type == 'jsonb' else '?'}"
                )
                params.append(stored_value(column, value))
        if extra:
            present = "coalesce(_extra, jsonb('{}'))"
            sets.append(f"_extra = {json_changed(present, len(extra) // 2)}")
            params += extra
        sets.append("_visibility = coalesce(?, _visibility)")
        text = f"update {self._table} set {', '.join(sets)} where {self._where} returning {self.columns}"
        return text, [*params, visibility, *self.key(identity)]


Rows = DocumentRows | ColumnRows


def rows_of(catalog: Catalog, noun: Noun) -> Rows:
    """Return the statements and conversions of a noun; made once for each catalog."""
    found = catalog.derived.get(noun.id)
    if found is None:
        found = catalog.derived[noun.id] = (
            DocumentRows(noun) if noun.layout == "document" else ColumnRows(noun)
        )
    return cast("Rows", found)
