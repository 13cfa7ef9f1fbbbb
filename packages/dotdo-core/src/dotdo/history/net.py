"""Net changes of a branch since a log position, row by row, as fields that can be compared and merged."""

from dataclasses import dataclass, field

import orjson

from dotdo.graph.rows import rows_of
from dotdo.graph.thing import Thing
from dotdo.history.entries import Image, Reader
from dotdo.storage import Noun, Session, system
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo.values import Canonical

Fields = dict[str, Canonical]
"""A row's stored values: by physical column, JSONB as text; members of documents as JSON text under `$.<name>`."""

_CHANGED = "select noun, id, op, before, min(seq) from _log where seq > ? and op between 1 and 4 and noun > 0 group by noun, id order by noun, id"


@dataclass(slots=True)
class RowChange:
    """What became of one row.

    Args:
        noun: Its noun's definition now; as last known when the noun is gone.
        row: Row id.
        before: Its fields at the position; None when it did not exist.
        after: Its fields now; None when it does not exist.
    """

    noun: Noun
    row: int
    before: Fields | None
    after: Fields | None

    @property
    def changed(self) -> set[str]:
        """Names of the fields that differ."""
        before, after = self.before or {}, self.after or {}
        return {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }


class Snapshots:
    """Reads rows of one session as comparable fields.

    Args:
        session: Sees the branch.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.reader = Reader(session)
        self._decoders: dict[int, tuple[Noun, str, tuple[str, ...]]] = {}

    def changes(self, since: int, *, is_net: bool = True) -> list[RowChange]:
        """Return the rows that were written after a log position.

        Args:
            since: The position.
            is_net: Leave out those whose state is what it was.
        """
        found = []
        for number, row, op, before, seq in self.session.read(_CHANGED, (since,)):
            noun = self.session.catalog.by_id.get(number) or self.reader.noun_at(number, seq)
            if noun is None:
                continue
            then = self.reader.noun_at(noun.id, seq) or noun
            old = None if op == system.INSERT else self.fields(then, before)
            new = self.current(noun, row)
            if old != new or not is_net:
                found.append(RowChange(noun, row, old, new))
        return found

    def current(self, noun: Noun, row: int) -> Fields | None:
        """Return a row's fields now, None when it does not exist."""
        if noun.id not in self.session.catalog.by_id:
            return None
        rows = self.session.read(self.session.catalog.images(noun).select, (row,))
        return self.fields(noun, rows[0][0]) if rows else None

    def last(self, noun: Noun, row: int) -> Fields | None:
        """Return a deleted row's fields as they were last, None when the log has no deletion of it."""
        deleted = self.session.read(
            f"select before, seq from _log where noun = ? and id = ? and op = {system.DELETE}"
            " order by seq desc limit 1",
            (noun.id, row),
        )
        if not deleted:
            return None
        before, seq = deleted[0]
        return self.fields(self.reader.noun_at(noun.id, seq) or noun, before)

    def at(self, noun: Noun, row: int, seq: int) -> Fields | None:
        """Return a row's fields at a log position, None when it did not exist."""
        later = self.session.read(
            "select op, before, seq from _log where seq > ? and noun = ? and id = ? and op between 1 and 4 order by seq limit 1",
            (seq, noun.id, row),
        )
        if not later:
            return self.current(noun, row)
        op, before, position = later[0]
        then = self.reader.noun_at(noun.id, position) or noun
        return None if op == system.INSERT else self.fields(then, before)

    def fields(self, noun: Noun, image: Image) -> Fields:
        """Return an image's stored values, documents taken apart."""
        known = self._decoders.get(id(noun))
        if known is None:
            images = Images(noun)
            known = self._decoders[id(noun)] = (
                noun,
                "select " + ", ".join(_comparable(images)),
                images.columns,
            )
        values = self.session.read(known[1], (image,))[0]
        found: Fields = {}
        container = container_of(noun)
        for column, value in zip(known[2][1:], values[1:], strict=True):
            if column == container:
                members = orjson.loads(value) if value is not None else {}
                found |= {f"$.{name}": orjson.dumps(m).decode() for name, m in members.items()}
            else:
                found[column] = value
        return found

    def thing(self, noun: Noun, row: int, fields: Fields | None) -> Thing | None:
        """Return the thing that these fields make, None for none."""
        if fields is None:
            return None
        columns, members = split(fields)
        rows = rows_of(self.session.catalog, noun)
        container = container_of(noun)
        json_columns = {container} | {c.column for c in noun.columns if c.type == "jsonb"}
        values = dict.fromkeys((c.column for c in noun.columns), None) | columns | {noun.rowid: row}
        has_document = members or noun.layout == "document"
        values[container] = orjson.dumps(members).decode() if has_document else None
        listed = ", ".join(
            f"{'jsonb(?)' if name in json_columns else '?'} as {quoted(name)}" for name in values
        )
        sql = f"select {rows.columns} from (select {listed})"
        return rows.thing(self.session.read(sql, list(values.values()))[0])


def container_of(noun: Noun) -> str:
    """Return the column that holds the members of a noun's documents."""
    return "data" if noun.layout == "document" else "_extra"


def member_of(name: str) -> str:
    """Return a field's name as users know it."""
    return name.removeprefix("$.")


def _comparable(images: Images) -> list[str]:
    """Return the expressions that read an image, JSONB as text."""
    return [
        f"json({value})" if kind in {"document", "jsonb"} else value
        for kind, value in zip(images.kinds, images.decoded("?1"), strict=True)
    ]


def split(fields: Fields) -> tuple[dict[str, Canonical], dict[str, Canonical]]:
    """Return (values by column, members of the document)."""
    members = {
        name[2:]: orjson.loads(text)
        for name, text in fields.items()
        if name.startswith("$.") and text is not None
    }
    columns = {name: value for name, value in fields.items() if not name.startswith("$.")}
    return columns, members


@dataclass(slots=True)
class Difference:
    """How one thing differs between a branch and the point where it left the other.

    Args:
        noun: Name of its noun.
        id: Its id.
        verb: `created`, `updated` or `deleted`.
        before: As it was; None when it was not.
        after: As it is; None when it is not.
        fields: Names of the fields that differ.
    """

    noun: str
    id: Canonical
    verb: str
    before: Thing | None
    after: Thing | None
    fields: list[str] = field(default_factory=list)
