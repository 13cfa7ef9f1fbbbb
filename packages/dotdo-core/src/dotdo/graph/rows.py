"""Things of one noun as SQL: the statements, and the conversion of rows both ways. Made once for each definition."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from dotdo.errors import InvalidValue
from dotdo.graph.nouns import check_field_name
from dotdo.graph.query import key_to_storage
from dotdo.graph.thing import Thing
from dotdo.sql import codec_of
from dotdo.storage import Catalog, Column, Noun, Row
from dotdo.storage.names import quoted
from dotdo.values import decode, encode

VISIBILITIES = frozenset({"public", "unlisted", "org", "user"})


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
        self._update = f"update {table} set bson = null, data = jsonb_set(data{{}}), _visibility = coalesce(?, _visibility)"
        self.replace = (
            f"update {table} set bson = null, data = jsonb(?) where id = ? returning {self.columns}"
        )
        self.delete = f"delete from {table} where id = ? returning _id"

    def thing(self, row: Row) -> Thing:
        """Return the thing of a row read with `columns`."""
        number, key, text, visibility = row
        return Thing(self._name, key_to_python(key), number, decode(text), visibility)  # type: ignore[arg-type]  # the columns' own types

    def key(self, identity: object) -> tuple[Any, ...]:
        """Return an id as the parameters of `by_id`."""
        return (key_to_storage(identity),)

    def insertion(
        self, row: int, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[Any, ...]:
        """Return the parameters of `insert`."""
        for name in fields:
            check_field_name(name)
        return (row, key_to_storage(identity), encode(fields), visibility)

    def update(
        self, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Any]]:
        """Return the statement that changes these fields, returning the row."""
        params: list[Any] = []
        for name, value in fields.items():
            params += [_member(name), encode(value)]
        sets = "".join(", ?, jsonb(?)" for _ in fields)
        text = (
            self._update.format(sets)
            if fields
            else self._update.replace("jsonb_set(data{})", "data")
        )
        return f"{text} where id = ? returning {self.columns}", [
            *params,
            visibility,
            key_to_storage(identity),
        ]


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
        self._readers: list[tuple[str, Callable[[Any], Any] | None]] = [
            (c.name, _reader(c)) for c in noun.columns
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
            fields: dict[str, Any] = dict(zip(self._names, values, strict=True))
        else:
            fields = {
                name: value if reader is None or value is None else reader(value)
                for (name, reader), value in zip(self._readers, values, strict=True)
            }
        if extra is not None:
            fields |= decode(extra)  # type: ignore[arg-type]  # JSON text
        return Thing(self._name, self._identity(number, fields), number, fields, visibility)  # type: ignore[arg-type]  # the columns' own types

    def _identity(self, number: object, fields: dict[str, Any]) -> Any:
        if not self._key_columns:
            return number
        values = tuple([fields[c.name] for c in self._key_columns])
        return values[0] if len(values) == 1 else values

    def key(self, identity: object) -> tuple[Any, ...]:
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
        return tuple([_stored(c, part) for c, part in zip(self._key_columns, parts, strict=True)])

    def creation(
        self, row: int | None, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Any]]:
        """Return the statement that inserts a thing, returning the row.

        Args:
            row: Value of the hidden row id, None when the key is the row id.
        """
        names, values, params = self._split(fields)
        if row is not None:
            names, values, params = ["_id", *names], ["?", *values], [row, *params]
        names, values, params = [*names, "_visibility"], [*values, "?"], [*params, visibility]
        text = f"insert into {self._table}({', '.join(map(quoted, names))}) values ({', '.join(values)}) returning {self.columns}"
        return text, params

    def _split(self, fields: Mapping[str, object]) -> tuple[list[str], list[str], list[Any]]:
        names, values, params = [], [], []
        extra = {}
        for name, value in fields.items():
            column = self._by_name.get(name)
            if column is None:
                extra[check_field_name(name)] = value
                continue
            names.append(column.column)
            values.append("jsonb(?)" if column.type == "jsonb" else "?")
            params.append(_stored(column, value))
        if extra:
            names.append("_extra")
            values.append("jsonb(?)")
            params.append(encode(extra))
        return names, values, params

    def update(
        self, identity: object, fields: Mapping[str, object], visibility: str | None
    ) -> tuple[str, list[Any]]:
        """Return the statement that changes these fields, returning the row."""
        sets, params = [], []
        extra: list[Any] = []
        for name, value in fields.items():
            column = self._by_name.get(name)
            if column is None:
                extra += [_member(name), encode(value)]
            else:
                sets.append(
                    f"{quoted(column.column)} = {'jsonb(?)' if column.type == 'jsonb' else '?'}"
                )
                params.append(_stored(column, value))
        if extra:
            sets.append(
                f"_extra = jsonb_set(coalesce(_extra, jsonb('{{}}')){', ?, jsonb(?)' * (len(extra) // 2)})"
            )
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


def key_to_python(stored: object) -> Any:
    """Return an id of any type from its stored form."""
    return (
        decode(stored) if isinstance(stored, str) and stored.startswith(("{", "[", '"')) else stored
    )


def _reader(column: Column) -> Callable[[Any], Any] | None:
    return key_to_python if column.type == "any" else codec_of(column.type).to_python


def _stored(column: Column, value: object) -> object:
    if value is None:
        return None
    if column.type == "any":
        return key_to_storage(value)
    to_storage = codec_of(column.type).to_storage
    if to_storage is None:
        return value
    try:
        return to_storage(value)
    except InvalidValue as error:
        msg = f"field {column.name!r}: {error}"
        raise InvalidValue(msg) from None


def _member(name: str) -> str:
    """Return the JSON path of a top-level member of any name."""
    return f"$.{orjson.dumps(check_field_name(name)).decode()}"
