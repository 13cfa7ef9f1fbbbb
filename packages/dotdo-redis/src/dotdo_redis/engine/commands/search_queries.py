"""Queries: FT.SEARCH, EXPLAIN, EXPLAINCLI, PROFILE; it refuses aggregations, which are beside."""

from typing import Any

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.search_definitions import Words
from dotdo_redis.engine.commands.search_indexes import catalog, index_at
from dotdo_redis.engine.commands.search_options import SearchOptions
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.geo import distance_m
from dotdo_redis.engine.json_values import Document, compact
from dotdo_redis.engine.search.excerpts import excerpt
from dotdo_redis.engine.search.filter_nodes import Nearest
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.joined_nodes import Intersection
from dotdo_redis.engine.search.nodes import EVERYTHING, Node, Search
from dotdo_redis.engine.search.queries import parse_query
from dotdo_redis.engine.search.reducers import sort_key
from dotdo_redis.engine.search.rows import Row, as_text, number_text
from dotdo_redis.engine.search.scanning import QueryError
from dotdo_redis.engine.search.schema import Field
from dotdo_redis.engine.search.scoring import Scorer
from dotdo_redis.engine.search.values import raw_values, shown_json, text_of
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.errors import Raw
from dotdo_redis.mapping.replies import Reply, Status

FAMILY = Family()


def default_scorer(ctx: Context) -> str:
    """The scorer of a release: newer ones have another."""
    return "BM25STD" if ctx.engine.config.shows(8, 0) else "TFIDF"


def parse(ctx: Context, index: Index, text: bytes, options: SearchOptions) -> tuple[Search, Node]:
    """Read a query.

    Raises:
        Raw: it makes no sense.
    """
    scorer = Scorer(options.scorer or default_scorer(ctx))
    language = options.language or index.definition.language
    search = Search(index, scorer, language, options.is_verbatim)
    fields = EVERYTHING
    if options.fields is not None:
        names = [one.name for one in index.definition.text_fields()]
        fields = sum(1 << at for at, name in enumerate(names) if name in options.fields)
    try:
        dialect = options.dialect or int(catalog(ctx).config["DEFAULT_DIALECT"])
        node = parse_query(
            search, text_of(text), options.parameters, fields=fields, dialect=dialect
        )
    except QueryError as error:
        raise Raw(str(error)) from None
    if isinstance(node, Intersection) and not node.is_exact:
        if options.slop is not None:
            node.slop = options.slop
        node.in_order = node.in_order or options.in_order
    return search, node


def matches(index: Index, search: Search, node: Node, options: SearchOptions) -> set[int]:
    """The documents that a query and its filters find."""
    found = node.find(search)
    if options.keys is not None:
        found = found & {index.numbers_of.get(key, -1) for key in options.keys}
    for name, low, high, opens in options.numbers:
        one = index.definition.find(name)
        if one is None or one.kind != "NUMERIC":
            raise Raw(
                f"Unknown Field `{name}`" if one is None else f"Field `{name}` is not numeric"
            )
        found = found & index.between(one.name, low, high, opens)
    for name, center, radius_m in options.places:
        places = index.places.get(name, {})
        found = found & {
            document
            for document, known in places.items()
            if any(distance_m(center, place) <= radius_m for place in known)
        }
    return found


def _vector_alias(node: Node) -> str:
    """The name of the distances that results are ordered by when nothing else is asked."""
    return node.alias if isinstance(node, Nearest) and node.count is not None else ""


def row_of(ctx: Context, index: Index, search: Search, document: int) -> Row:
    """A document with the distances that vector searches found."""
    key = index.entries[document].key
    row = Row(index, ctx.engine.databases[0].keys.get(key), key)
    for alias, distances in search.distances.items():
        if alias and document in distances:
            row.values[alias] = distances[document]
    return row


class _Results:
    """What a query found, in order."""

    def __init__(self, ctx: Context, index: Index, query: bytes, options: SearchOptions) -> None:
        self.ctx, self.index, self.options = ctx, index, options
        self.search, self.node = parse(ctx, index, query, options)
        found = matches(index, self.search, self.node, options)
        self.total = len(found)
        self.scores: dict[int, float] = {}
        self.ordered = self._ordered(found)

    def score(self, document: int) -> float:
        known = self.scores.get(document)
        if known is None:
            counted = self.node.score(self.search, document)
            known = self.search.scorer.finish(self.index, document, counted)
            self.scores[document] = known
        return known

    def _ordered(self, found: set[int]) -> list[int]:
        options = self.options
        alias = options.sort_by or _vector_alias(self.node)
        if alias and alias in self.search.distances:
            far = self.search.distances[alias]
            ordered = sorted(found, key=lambda one: (far.get(one, 0.0), one))
            return ordered[::-1] if options.is_descending else ordered
        if options.sort_by:
            return self._sorted(found)
        return sorted(found, key=lambda one: (-self.score(one), one))

    def _sorted(self, found: set[int]) -> list[int]:
        name = self.options.sort_by
        if self.index.definition.find(name) is None:
            raise Raw(f"Property `{name}` not loaded nor in schema")
        keys = {one: sort_key(self.sort_value(one)) for one in found}
        present = [one for one in sorted(found) if keys[one][0] < 2]
        absent = [one for one in sorted(found) if keys[one][0] == 2]
        present.sort(key=keys.__getitem__, reverse=self.options.is_descending)
        return present + absent

    def sort_value(self, document: int) -> Any:
        """What a document is sorted by."""
        row = row_of(self.ctx, self.index, self.search, document)
        one = self.index.definition.find(self.options.sort_by)
        item = row.read(self.options.sort_by)
        is_plain = one is not None and one.kind in {"TEXT", "TAG"} and not one.is_unnormalized
        return item.casefold() if isinstance(item, str) and is_plain else item

    def sort_text(self, document: int) -> bytes | None:
        """The sort key as WITHSORTKEYS tells it."""
        item = self.sort_value(document)
        if item is None:
            return None
        if isinstance(item, float):
            return f"#{number_text(item)}".encode()
        return f"${as_text(item)}".encode("utf-8", "surrogateescape")

    def page(self) -> list[int]:
        """The documents that are told."""
        return self.ordered[self.options.first : self.options.first + self.options.count]

    # -- contents

    def content(self, document: int) -> dict[bytes, Reply]:
        """The fields of a document."""
        key = self.index.entries[document].key
        value = self.ctx.engine.databases[0].keys.get(key)
        shown: dict[bytes, Reply] = {}
        for alias, distances in self.search.distances.items():
            if alias and document in distances and self.options.returned is None:
                shown[alias.encode()] = number_text(distances[document]).encode()
        if self.options.returned is not None:
            for name, alias in self.options.returned:
                found = self._field(document, value, name)
                if found is not None:
                    shown[alias.encode()] = found
        else:
            self._add_all(document, value, shown)
        return self._excerpts(shown)

    def _add_all(self, document: int, value: Any, shown: dict[bytes, Reply]) -> None:
        if self.options.sort_by and self.options.sort_by not in self.search.distances:
            one = self.index.definition.find(self.options.sort_by)
            found = self._field(document, value, self.options.sort_by)
            if found is not None and one is not None:
                shown[one.name.encode()] = found
        if isinstance(value, Hash):
            for name, text in value.pairs():
                shown.setdefault(name, text)
        elif isinstance(value, Document):
            is_list = self._dialect >= 3
            shown[b"$"] = compact([value.root] if is_list else value.root)

    @property
    def _dialect(self) -> int:
        known = catalog(self.ctx).config["DEFAULT_DIALECT"]
        return self.options.dialect or int(known)

    def _field(self, document: int, value: Any, name: str) -> bytes | None:
        if name in self.search.distances:
            far = self.search.distances[name].get(document)
            return None if far is None else number_text(far).encode()
        if value is None:
            return None
        one = self.index.definition.find(name)
        if one is None:
            one = Field(name, name, "TAG")
            one.bind(is_json=self.index.definition.is_json)
        values = raw_values(value, one)
        if values is None:
            return None
        if isinstance(value, Hash):
            text: bytes = values[0]
            return text
        return shown_json(values, is_multiple=self._dialect >= 3)

    def _excerpts(self, shown: dict[bytes, Reply]) -> dict[bytes, Reply]:
        options = self.options
        if options.summary is None and options.highlight is None:
            return shown
        text_names = {one.name for one in self.index.definition.text_fields()}
        first: dict[bytes, Reply] = {}
        for part in (options.summary, options.highlight):
            for name in part.fields if part is not None else ():
                if name.encode() in shown:
                    first.setdefault(name.encode(), shown[name.encode()])
        ordered = first | shown if options.summary is not None else shown
        for shown_name, text in ordered.items():
            name_text = text_of(shown_name)
            if name_text in text_names and isinstance(text, bytes):
                ordered[shown_name] = excerpt(self.search, self.node, name_text, text, options)
        return ordered


def _plain_reply(results: _Results) -> Reply:
    options = results.options
    reply: list[Reply] = [results.total]
    for document in results.page():
        reply.append(results.index.entries[document].key)
        if options.with_scores:
            reply.append(_score_text(results.score(document)))
        if options.with_payloads:
            reply.append(_payload(results, document))
        if options.with_sort_keys:
            reply.append(results.sort_text(document) if options.sort_by else None)
        if not options.without_content:
            pairs = results.content(document).items()
            reply.append([part for pair in pairs for part in pair])
    return reply


def _score_text(score: float) -> bytes:
    return number_text(score).encode() if score == int(score) else repr(score).encode()


def _payload(results: _Results, document: int) -> bytes | None:
    name = results.index.definition.payload_field
    if not name:
        return None
    key = results.index.entries[document].key
    value = results.ctx.engine.databases[0].keys.get(key)
    return value.fields.get(name.encode()) if isinstance(value, Hash) else None


def _mapped_reply(results: _Results) -> dict[object, object]:
    options = results.options
    rows: list[Reply] = []
    for document in results.page():
        row: dict[object, object] = {Status(b"id"): results.index.entries[document].key}
        if options.with_scores:
            row[Status(b"score")] = results.score(document)
        if options.with_payloads:
            row[Status(b"payload")] = _payload(results, document)
        if options.with_sort_keys:
            row[Status(b"sortkey")] = results.sort_text(document) if options.sort_by else None
        if not options.without_content:
            row[Status(b"extra_attributes")] = results.content(document)
        row[Status(b"values")] = []
        rows.append(row)
    return mapped(results.total, rows)


def mapped(total: int, rows: list[Reply]) -> dict[object, object]:
    """Results in the newer protocol's shape."""
    return {
        Status(b"attributes"): [],
        Status(b"total_results"): total,
        Status(b"format"): Status(b"STRING"),
        Status(b"results"): rows,
        Status(b"warning"): [],
    }


def _read(ctx: Context, args: list[bytes]) -> tuple[Index, SearchOptions]:
    index = index_at(ctx, args[0], f"{text_of(args[0])}: no such index")
    options = SearchOptions()
    words = Words(args[2:])
    options.read(words)
    if options.explains_score and not options.with_scores:
        raise Raw("EXPLAINSCORE must be accompanied with WITHSCORES")
    if options.summary is not None or options.highlight is not None:
        for option, shown in (("NOOFFSETS", "NOOFSETS"), ("NOHL", "NOHL")):
            if option in index.definition.options:
                raise Raw(
                    f"Cannot use highlight/summarize because {shown} was specified at index level"
                )
    return index, options


def search_reply(ctx: Context, args: list[bytes]) -> Reply:
    """Run FT.SEARCH's words."""
    started_ns = ctx.engine.clock_ns()
    index, options = _read(ctx, args)
    results = _Results(ctx, index, args[1], options)
    late = is_late(ctx, options, started_ns)
    if ctx.resp != 3:
        return _plain_reply(results)
    reply = _mapped_reply(results)
    if late:
        reply[Status(b"warning")] = [Status(LATE)]
    return reply


LATE = b"Timeout limit was reached"


def is_late(ctx: Context, options: SearchOptions, started_ns: int) -> bool:
    """Whether a search took longer than it may.

    Raises:
        Raw: it did, and ON_TIMEOUT says that it fails then.
    """
    took_ms = (ctx.engine.clock_ns() - started_ns) / 1_000_000
    if not options.timeout_ms or took_ms <= options.timeout_ms:
        return False
    if catalog(ctx).config["ON_TIMEOUT"] == "fail":
        raise Raw(LATE.decode())
    return True


@FAMILY.command("FT.SEARCH")
def ft_search(ctx: Context, args: list[bytes]) -> Reply:
    """Find documents by a query, best or by a field first."""
    expect(ctx, args, 1)
    if len(args) < 2:
        raise Raw("No query string provided")
    return search_reply(ctx, args)


def _explained(ctx: Context, args: list[bytes]) -> list[str]:
    expect(ctx, args, 2)
    index, options = _read(ctx, args)
    _search, node = parse(ctx, index, args[1], options)
    return list(node.explain())


@FAMILY.command("FT.EXPLAIN")
def ft_explain(ctx: Context, args: list[bytes]) -> Reply:
    """How a query is understood, as one text."""
    return "".join(f"{line}\n" for line in _explained(ctx, args)).encode()


@FAMILY.command("FT.EXPLAINCLI")
def ft_explaincli(ctx: Context, args: list[bytes]) -> Reply:
    """How a query is understood, line by line."""
    return [Status(line.encode()) for line in [*_explained(ctx, args), ""]]
