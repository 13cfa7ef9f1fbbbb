"""Net changes of a branch since a log position, row by row, as fields that can be compared and merged."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from dotdo.graph.thing import Thing
from dotdo.history.entries import Image, Reader
from dotdo.storage import Noun, Session, system
from dotdo.storage.images import Images
from dotdo.storage.names import quoted

Fields = dict[str, Any]
"""A row's stored values: by physical column; members of documents as JSON text under `$.<name>`."""

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

    def changes(self, since: int) -> list[RowChange]:
        """Return the rows whose state now differs from that at the log position `since`."""
        found = []
        for number, row, op, before, seq in self.session.read(_CHANGED, (since,)):
            noun = self.session.catalog.by_id.get(int(str(number))) or self.reader.noun_at(
                int(str(number)), int(str(seq))
            )
            if noun is None:
                continue
            then = self.reader.noun_at(noun.id, int(str(seq))) or noun
            old = None if op == system.INSERT else self.fields(then, before)  # type: ignore[arg-type]  # an image is a blob
            new = self.current(noun, int(str(row)))
            if old != new:
                found.append(RowChange(noun, int(str(row)), old, new))
        return found

    def current(self, noun: Noun, row: int) -> Fields | None:
        """Return a row's fields now, None when it does not exist."""
        if noun.id not in self.session.catalog.by_id:
            return None
        rows = self.session.read(self.session.catalog.images(noun).select, (row,))
        return self.fields(noun, rows[0][0]) if rows else None  # type: ignore[arg-type]  # an image is a blob

    def at(self, noun: Noun, row: int, seq: int) -> Fields | None:
        """Return a row's fields at a log position, None when it did not exist."""
        later = self.session.read(
            "select op, before, seq from _log where seq > ? and noun = ? and id = ? and op between 1 and 4 order by seq limit 1",
            (seq, noun.id, row),
        )
        if not later:
            return self.current(noun, row)
        op, before, position = later[0]
        then = self.reader.noun_at(noun.id, int(str(position))) or noun
        return None if op == system.INSERT else self.fields(then, before)  # type: ignore[arg-type]  # an image is a blob

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
        for column, value in zip(known[2][1:], values[1:], strict=True):
            if column in {"data", "_extra"} and (column == "_extra" or noun.layout == "document"):
                members = orjson.loads(str(value)) if value is not None else {}
                found |= {
                    f"$.{name}": orjson.dumps(member).decode() for name, member in members.items()
                }
            else:
                found[column] = value
        return found

    def thing(self, noun: Noun, row: int, fields: Fields | None) -> Thing | None:
        """Return the thing that these fields make, None for none."""
        return None if fields is None else thing_of(self.session, noun, row, fields)


def _comparable(images: Images) -> list[str]:
    """Return the expressions that read an image, documents as JSON text."""
    decoded = images.decoded("?1")
    return [
        f"json({value})" if column in {"data", "_extra"} else value
        for column, value in zip(images.columns, decoded, strict=True)
    ]


def split(noun: Noun, fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (values by column, members of the document)."""
    members = {
        name[2:]: orjson.loads(text)
        for name, text in fields.items()
        if name.startswith("$.") and text is not None
    }
    columns = {name: value for name, value in fields.items() if not name.startswith("$.")}
    return columns, members


def thing_of(session: Session, noun: Noun, row: int, fields: Fields) -> Thing:
    """Return the thing that a row's fields make."""
    from dotdo.graph.rows import rows_of

    columns, members = split(noun, fields)
    rows = rows_of(session.catalog, noun)
    container = "data" if noun.layout == "document" else "_extra"
    names = [noun.rowid, *columns, container]
    values = [
        row,
        *columns.values(),
        orjson.dumps(members).decode() if members or container == "data" else None,
    ]
    listed = ", ".join(
        f"{'jsonb(?)' if name == container else '?'} as {quoted(name)}" for name in names
    )
    missing = [c.column for c in noun.columns if c.column not in columns and c.column != noun.rowid]
    listed += "".join(f", null as {quoted(name)}" for name in missing)
    return rows.thing(session.read(f"select {rows.columns} from (select {listed})", values)[0])


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
    id: Any
    verb: str
    before: Thing | None
    after: Thing | None
    fields: list[str] = field(default_factory=list)
