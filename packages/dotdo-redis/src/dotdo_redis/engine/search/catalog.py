"""All indexes, aliases, dictionaries and cursors of a keyspace, kept up with its keys; it refuses to parse."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_redis.engine.json_values import Document
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.types.hashes import Hash

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine

DATABASE = 0
"""The only database whose keys are indexed."""
DEFAULTS = {
    "EXTLOAD": "", "SAFEMODE": "true", "CONCURRENT_WRITE_MODE": "false", "NOGC": "false", "MINPREFIX": "2",
    "FORKGC_SLEEP_BEFORE_EXIT": "0", "MAXDOCTABLESIZE": "1000000", "MAXSEARCHRESULTS": "1000000",
    "MAXAGGREGATERESULTS": "unlimited", "MAXEXPANSIONS": "200", "MAXPREFIXEXPANSIONS": "200", "TIMEOUT": "500",
    "INDEX_THREADS": "8", "SEARCH_THREADS": "20", "FRISOINI": "", "ON_TIMEOUT": "return", "GCSCANSIZE": "100",
    "MIN_PHONETIC_TERM_LEN": "3", "FORK_GC_RUN_INTERVAL": "30", "FORK_GC_CLEAN_THRESHOLD": "100",
    "CURSOR_MAX_IDLE": "300000", "CURSOR_READ_SIZE": "1000", "DEFAULT_DIALECT": "1", "MINSTEMLEN": "4",
    "VSS_MAX_RESIZE": "0", "MULTI_TEXT_SLOP": "100", "RAW_DOCID_ENCODING": "false",
}  # fmt: skip
"""Parameters of FT.CONFIG; those that something here follows are read where it does."""


@dataclass(slots=True)
class Cursor:
    """Rows of an aggregation that were not read yet."""

    index: str
    rows: list[Any]
    total: int
    size: int
    deadline_ms: int
    idle_ms: int


@dataclass(slots=True)
class Catalog:
    """What is known of a keyspace's indexes."""

    engine: "Engine"
    indexes: dict[str, Index] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    dictionaries: dict[str, dict[str, None]] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    cursors: dict[int, Cursor] = field(default_factory=dict)
    dirty: dict[bytes, None] = field(default_factory=dict)
    is_stale: bool = False
    """All keys may have changed."""

    # -- following the keys

    def follow(self) -> None:
        """Take note of changed keys from now on."""
        if self.note not in self.engine.observers:
            self.engine.observers.append(self.note)
            self.engine.flush_observers.append(self.note_all)

    def note(self, _client: "ClientState | None", database: int, key: bytes) -> None:
        """Take note of a changed key; it is read when somebody searches."""
        if database == DATABASE:
            self.dirty[key] = None

    def note_all(self, _client: "ClientState | None", database: int) -> None:
        """Take note that all keys may have changed."""
        self.is_stale = self.is_stale or database == DATABASE

    def flushed(self, database: int) -> None:
        """Forget everything: the keys of the database were dropped."""
        if database == DATABASE:
            self.indexes.clear()
            self.aliases.clear()
            self.dictionaries.clear()
            self.cursors.clear()
            self.dirty.clear()
            self.is_stale = False

    def sync(self) -> None:
        """Bring the indexes up to date."""
        if self.is_stale:
            self.is_stale = False
            for index in self.indexes.values():
                for key in [key for key in index.numbers_of if key not in self._keys]:
                    index.drop(key)
            self.dirty |= dict.fromkeys(self._keys)
        if not self.dirty:
            return
        dirty, self.dirty = self.dirty, {}
        for key in dirty:
            for index in self.indexes.values():
                self._index(index, key)

    @property
    def _keys(self) -> dict[bytes, Any]:
        return self.engine.databases[DATABASE].keys

    def _index(self, index: Index, key: bytes) -> None:
        if not index.definition.takes(key):
            return
        value = self._keys.get(key)
        kind = Document if index.definition.is_json else Hash
        if isinstance(value, kind) and self._passes(index, key):
            index.take(key, value)
        else:
            index.drop(key)

    def _passes(self, index: Index, key: bytes) -> bool:
        if not index.definition.filter:
            return True
        from dotdo_redis.engine.search.expressions import ExpressionError, parse_expression, truth
        from dotdo_redis.engine.search.rows import Row

        row = Row(index, self._keys[key], key)
        try:
            return truth(parse_expression(index.definition.filter).evaluate(row))
        except ExpressionError:
            return False

    def scan(self, index: Index) -> None:
        """Index all keys that are there."""
        for key in self._keys:
            self._index(index, key)

    def expire(self) -> None:
        """Let keys and cursors expire whose time is over."""
        database = self.engine.databases[DATABASE]
        database.purge(len(database.keys))
        now_ms = self.engine.now_ms
        for number in [n for n, cursor in self.cursors.items() if cursor.deadline_ms < now_ms]:
            del self.cursors[number]

    def find(self, name: str) -> Index | None:
        """The index of a name or alias, up to date."""
        index = self.indexes.get(self.aliases.get(name, name))
        if index is not None:
            self.expire()
            self.sync()
        return index

    # -- kept

    def calls(self) -> Iterator[list[bytes]]:
        """The calls that make all of it again."""
        for index in self.indexes.values():
            yield list(index.definition.words)
            groups: dict[str, list[bytes]] = {}
            for word, found in index.synonyms.items():
                for group in found:
                    groups.setdefault(group, []).append(word.encode())
            name = index.definition.name.encode()
            for group, words in groups.items():
                yield [b"FT.SYNUPDATE", name, group.encode(), *words]
        for alias, name_text in self.aliases.items():
            yield [b"FT.ALIASADD", alias.encode(), name_text.encode()]
        for dictionary, terms in self.dictionaries.items():
            if terms:
                yield [b"FT.DICTADD", dictionary.encode(), *(term.encode() for term in terms)]
