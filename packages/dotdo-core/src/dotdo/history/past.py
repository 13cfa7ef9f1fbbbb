"""The past as temporary views over the present: each noun that has changed since is shadowed by a view of the same name.

A view gives the rows that were not touched since, and the images of the others out of the undo log. SQLite looks a bare name up
among the temporary ones first, so every compiled statement reads the past unchanged. What is written meanwhile is added when the
log has moved.
"""

from dotdo.errors import HistoryUnavailable, ReadOnly
from dotdo.graph.hits import index_hits, replace_hits
from dotdo.history.definitions_then import definitions_at, has_same_shape
from dotdo.history.retention import horizons
from dotdo.storage import Catalog, Noun, Session, Store, ddl
from dotdo.storage.connection import Connection, connect
from dotdo.storage.images import Images
from dotdo.storage.names import literal, quoted
from dotdo.storage.types import declared_of

_STATE = (
    "select (select max(seq) from main._log), (select v from main._meta where k = 'catalog'),"
    " (select v from main._meta where k = 'horizon')"
)


_STORED = {"_visibility": "text", "_extra": "blob", "data": "blob"}


class PastStore(Store):
    """A store as of a log position.

    Args:
        head: The store whose past it is.
        seq: The position, the end of a transaction.
    """

    def __init__(self, head: Store, seq: int) -> None:
        super().__init__(head.path, clock=head.clock, durability=head.durability)
        self.head = head
        self.seq = seq
        self.is_read_only = True

    def session(
        self,
        *,
        api: str | None = None,
        actor: str | None = None,
        owner: str | None = None,  # noqa: ARG002  (of the past nobody owns anything)
    ) -> "PastSession":
        """Open a read-only session on the past."""
        connection = connect(self.path, is_read_only=True, durability=self.durability)
        session = PastSession(self, connection, api, actor)
        connection.set_progress_handler(session.must_stop, 10_000)
        self.sessions.add(session)
        return session


class PastSession(Session):
    """A session that reads the past and refuses to write."""

    def __init__(
        self, store: PastStore, connection: Connection, api: str | None, actor: str | None
    ) -> None:
        super().__init__(store, connection, api, actor)
        self.is_read_only = True
        self._position = store.seq
        self._read_upto = store.seq
        self._shadowed: set[int] = set()
        self._hidden: set[int] = set()
        self._definitions_version = -1
        self.create_function("_forgotten", _forgotten, 1, deterministic=False)
        self._look()

    @property
    def catalog(self) -> Catalog:
        """The definitions as they were."""
        return self._known_catalog()

    def mutate(self, *_: object, **__: object) -> None:  # type: ignore[override]  # nothing is ever returned
        """Refuse.

        Raises:
            ReadOnly: Always.
        """
        msg = "the past cannot be written to"
        raise ReadOnly(msg)

    def _look(self) -> bool:
        """Bring the views up to what the log says now; True: a statement that just ran must run again."""
        is_within = self.connection.in_transaction
        if not is_within:
            self._execute("begin")
        try:
            ((newest, version, kept),) = self.execute(_STATE)
            if kept > self._read_upto:
                msg = "that far back the history is no longer kept"
                raise HistoryUnavailable(msg)
            if version != self._definitions_version:
                self._read_definitions()
                self._definitions_version = version
            self._hide_forgotten()
            if newest > self._read_upto:
                self._add_changes()
                self._read_upto = newest
        finally:
            if not is_within:
                self._execute("commit")
        self._seen = self.connection.data_version()
        return True

    def _read_definitions(self) -> None:
        then = definitions_at(self, self._position)
        if not has_same_shape(then, self.store.read_catalog(self.connection).by_id.values()):
            msg = "definitions have changed their shape since; open the past anew"
            raise HistoryUnavailable(msg)
        if self._catalog is None:
            self._catalog = Catalog(self._position, then)
            self.provide(self._catalog.functions)

    def _add_changes(self) -> None:
        changed = self.execute(
            "select distinct noun from main._log where seq > ? and noun > 0 and op between 1 and 4",
            (self._read_upto,),
        )
        for (number,) in changed:
            noun = self.catalog.by_id.get(number)
            if noun is None or number in self._hidden:
                continue  # made since, or no longer known
            images = self.catalog.images(noun)
            if number not in self._shadowed:
                self._shadow(noun, images)
                self._shadowed.add(number)
            self._execute(_collect(noun, images), (number, self._read_upto)).fetchall()
            if noun.search:
                self._execute(_index_texts(noun)).fetchall()

    def _hide_forgotten(self) -> None:
        """Let whoever reads a noun know that images which would be needed are no longer kept."""
        for number, kept in horizons(self).items():
            noun = self.catalog.by_id.get(number)
            if noun is None or kept <= self._read_upto or number in self._hidden:
                continue
            table = quoted(noun.table)
            self._execute(f"drop view if exists temp.{table}")
            names = ", ".join(f"null as {quoted(c)}" for c in self.catalog.images(noun).columns)
            self._execute(
                f"create temp view {table} as select {names} where _forgotten({literal(noun.name)})"
            )
            self._hidden.add(number)

    def _shadow(self, noun: Noun, images: Images) -> None:
        """Make the table of images and the view that stands before the noun's table."""
        old, table, rowid = quoted(_old(noun)), quoted(noun.table), quoted(noun.rowid)
        generated = [c for c in noun.columns if c.generated is not None]
        columns = [quoted(c) for c in images.columns] + [quoted(c.column) for c in generated]
        types = _STORED | {
            c.column: declared_of(c.type) for c in noun.columns
        }  # as the table's own
        lines = [f"{rowid} integer primary key", "_present integer"]
        lines += [f"{quoted(column)} {types[column]}" for column in images.columns[1:]]
        lines += [
            f"{quoted(c.column)} {types[c.column]} generated always as ({c.generated}) stored"
            for c in generated
        ]
        self._execute(f"create temp table {old}({', '.join(lines)}) strict")
        for name, text in ddl.indexes(noun).items():
            self._execute(_index_on_images(text, name, noun))
        listed = ", ".join(columns) + (", null as bson" if noun.layout == "document" else "")
        self._execute(
            f"create temp view {table} as select {listed} from main.{table} where {rowid} not in (select {rowid} from temp.{old})"
            f" union all select {listed} from temp.{old} where _present"
        )
        if noun.search:
            self._shadow_search(noun)

    def _shadow_search(self, noun: Noun) -> None:
        """Make a full text index of the images; hits come from it, and for rows untouched since from the noun's own."""
        fts, old = quoted(ddl.search_table(noun)), quoted(_old_search(noun))
        create, *_ = ddl.search(noun)
        self._execute(create.replace(fts, f"temp.{old}", 1))
        rows = f"select {quoted(noun.rowid)} from temp.{quoted(_old(noun))}"
        replace_hits(
            self.catalog,
            noun,
            f"{index_hits(fts, 'main.')} and rowid not in ({rows}) union all {index_hits(old, 'temp.')}",
        )


def _forgotten(name: str) -> bool:
    msg = f"that far back the history of {name!r} is no longer kept"
    raise HistoryUnavailable(msg)


def _old(noun: Noun) -> str:
    return f"_old {noun.table}"


def _old_search(noun: Noun) -> str:
    return f"_old {ddl.search_table(noun)}"


def _index_texts(noun: Noun) -> str:
    """Return the statement that enters images not entered yet into their full text index."""
    *_, fill = ddl.search(noun)
    old, docsize = _old_search(noun), quoted(f"{_old_search(noun)}_docsize")
    text = fill.replace(quoted(ddl.search_table(noun)), f"temp.{quoted(old)}", 1)
    images = f" from temp.{quoted(_old(noun))} where _present"
    text = text.removesuffix(f" from {quoted(noun.table)}") + images
    return f"{text} and {quoted(noun.rowid)} not in (select id from temp.{docsize})"


def _collect(noun: Noun, images: Images) -> str:
    """Return the statement that adds the image of each row first changed after a position."""
    columns = ", ".join(map(quoted, images.columns))
    values = ", ".join(["id", *images.decoded("before")[1:]])
    return (
        f"insert or ignore into temp.{quoted(_old(noun))}({columns}, _present) select {values}, op <> 1 from"
        " (select id, op, before, min(seq) from main._log where noun = ? and seq > ? and op between 1 and 4 group by id)"
    )


def _index_on_images(text: str, name: str, noun: Noun) -> str:
    """Return the noun's CREATE INDEX as one over the table of images."""
    _, _, rest = text.partition(f" on {quoted(noun.table)}")
    return f"create index temp.{quoted(name)} on {quoted(_old(noun))}{rest}"
