"""Indexes: FT.CREATE, ALTER, DROPINDEX, INFO, _LIST, aliases, TAGVALS; it refuses to search them."""

from typing import Any

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.search_definitions import Words, read_definition, read_fields
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.search.catalog import Catalog
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.schema import Field
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.errors import Raw
from dotdo_redis.mapping.replies import OK, Reply, SetReply, Status

FAMILY = Family()


def catalog(ctx: Context) -> Catalog:
    """The catalog of the keyspace."""
    return ctx.engine.instance.search


def changed(ctx: Context, *words: bytes) -> None:
    """Keep a change of the catalog; it is made again by the call, or by `words`."""
    ctx.modified += 1
    if words:
        ctx.log(*words)


def index_at(ctx: Context, name: bytes, error: str = "Unknown index name") -> Index:
    """The index of a name or alias.

    Raises:
        Raw: there is none.
    """
    found = catalog(ctx).find(text_of(name))
    if found is None:
        raise Raw(error)
    return found


@FAMILY.command("FT.CREATE", "FT._CREATEIFNX")
def ft_create(ctx: Context, args: list[bytes]) -> Reply:
    """Make an index, and take the keys that are there."""
    expect(ctx, args, 4)
    known, name = catalog(ctx), text_of(args[0])
    if name in known.indexes or name in known.aliases:
        if ctx.command.name == "FT._CREATEIFNX":
            return OK
        raise Raw("Index already exists")
    if ctx.db.index != 0:
        raise Raw("Cannot create index on db != 0")
    definition = read_definition(name, Words(args[1:]))
    definition.words = [b"FT.CREATE", *args]
    known.sync()
    index = Index(definition)
    known.indexes[name] = index
    known.follow()
    if not definition.skips_scan:
        known.scan(index)
    changed(ctx, *definition.words)
    return OK


@FAMILY.command("FT.ALTER", "FT._ALTERIFNX")
def ft_alter(ctx: Context, args: list[bytes]) -> Reply:
    """Add a field to an index, and take the keys anew."""
    expect(ctx, args, 5)
    index = index_at(ctx, args[0])
    words = Words(args[1:])
    words.skip("SKIPINITIALSCAN")
    if not words.skip("SCHEMA") or not words.skip("ADD"):
        raise Raw(
            "ALTER must be followed by SCHEMA"
            if words.peek() != "SCHEMA"
            else "Unknown action passed to ALTER SCHEMA"
        )
    start = len(args) - (len(words.words) - words.at)
    try:
        added = read_fields(index.definition, words)
    except Raw as error:
        if ctx.command.name == "FT._ALTERIFNX" and "Duplicate" in error.text:
            return OK
        raise
    for one in added:
        index.add_field(one)
    index.definition.words += args[start:]
    for key in list(index.numbers_of):
        catalog(ctx).dirty[key] = None
    changed(ctx)
    return OK


@FAMILY.command("FT.DROPINDEX", "FT._DROPINDEXIFX", "FT.DROP", "FT._DROPIFX")
def ft_dropindex(ctx: Context, args: list[bytes]) -> Reply:
    """Drop an index, with its keys if so asked."""
    expect(ctx, args, 1, 2)
    known = catalog(ctx)
    index = known.find(text_of(args[0]))
    if index is None:
        if ctx.command.name.endswith("IFX"):
            return OK
        raise Raw("Unknown Index name")
    is_old = ctx.command.name in {"FT.DROP", "FT._DROPIFX"}
    option = args[1].upper() if len(args) == 2 else b""
    if option not in {b"", b"KEEPDOCS"} | (set() if is_old else {b"DD"}):
        raise Raw(f"Unknown argument `{text_of(args[1])}`")
    name = index.definition.name
    drops_keys = option == b"DD" or (is_old and option != b"KEEPDOCS")
    keys = list(index.numbers_of) if drops_keys else []
    del known.indexes[name]
    known.aliases = {alias: one for alias, one in known.aliases.items() if one != name}
    changed(ctx, b"FT.DROPINDEX", name.encode())
    for key in keys:
        if ctx.delete(key):
            ctx.log(b"DEL", key)
    return OK


@FAMILY.command("FT._LIST")
def ft_list(ctx: Context, args: list[bytes]) -> Reply:
    """The names of all indexes."""
    expect(ctx, args, 0, 0)
    return SetReply(Status(name.encode()) for name in catalog(ctx).indexes)


# -- aliases


@FAMILY.command("FT.ALIASADD", "FT._ALIASADDIFNX")
def ft_aliasadd(ctx: Context, args: list[bytes]) -> Reply:
    """Give an index a further name."""
    expect(ctx, args, 2, 2)
    known, alias, name = catalog(ctx), text_of(args[0]), text_of(args[1])
    if name not in known.indexes:
        raise Raw("Unknown index name (or name is an alias itself)")
    if alias in known.aliases:
        if ctx.command.name == "FT._ALIASADDIFNX":
            return OK
        raise Raw("Alias already exists")
    known.aliases[alias] = name
    changed(ctx)
    return OK


@FAMILY.command("FT.ALIASUPDATE")
def ft_aliasupdate(ctx: Context, args: list[bytes]) -> Reply:
    """Give a name, perhaps that of another index, to an index."""
    expect(ctx, args, 2, 2)
    known, name = catalog(ctx), text_of(args[1])
    if name not in known.indexes:
        raise Raw("Unknown index name (or name is an alias itself)")
    known.aliases[text_of(args[0])] = name
    changed(ctx)
    return OK


@FAMILY.command("FT.ALIASDEL", "FT._ALIASDELIFX")
def ft_aliasdel(ctx: Context, args: list[bytes]) -> Reply:
    """Take a further name away."""
    expect(ctx, args, 1, 1)
    if catalog(ctx).aliases.pop(text_of(args[0]), None) is None:
        if ctx.command.name == "FT._ALIASDELIFX":
            return OK
        raise Raw("Alias does not exist")
    changed(ctx)
    return OK


@FAMILY.command("FT.TAGVALS")
def ft_tagvals(ctx: Context, args: list[bytes]) -> Reply:
    """All tags of a field."""
    expect(ctx, args, 2, 2)
    index = index_at(ctx, args[0], "Unknown Index name")
    one = index.definition.find(text_of(args[1]))
    if one is None:
        raise Raw("No such field")
    if one.kind != "TAG":
        raise Raw("Not a tag field")
    tags = sorted(index.tags[one.name])
    return SetReply(tag.encode("utf-8", "surrogateescape") for tag in tags)


# -- FT.INFO


def _flags(one: Field) -> list[str]:
    named = (
        (not one.is_stemmed, "NOSTEM"), (one.is_case_sensitive, "CASESENSITIVE"), (one.is_sortable, "SORTABLE"),
        (one.is_sortable and one.is_unnormalized, "UNF"), (not one.is_indexed, "NOINDEX"),
        (one.has_suffixes, "WITHSUFFIXTRIE"), (one.indexes_empty, "INDEXEMPTY"), (one.indexes_missing, "INDEXMISSING"),
    )  # fmt: skip
    return [name for is_set, name in named if is_set]


def _attribute(ctx: Context, one: Field) -> Reply:
    facts: list[tuple[str, Any]] = [
        ("identifier", Status(one.identifier.encode())),
        ("attribute", Status(one.name.encode())),
        ("type", Status(one.kind.encode())),
    ]
    if one.kind == "TEXT":
        facts.append(("WEIGHT", one.weight))
    elif one.kind == "TAG":
        facts.append(("SEPARATOR", Status(one.separator.encode())))
    elif one.kind == "GEOSHAPE":
        system = one.parameters.get("COORD_SYSTEM", "SPHERICAL")
        facts.append(("coord_system", Status(system.encode())))
    elif one.kind == "VECTOR":
        facts += _vector_facts(one)
    flags: list[Reply] = [Status(flag.encode()) for flag in _flags(one)]
    if ctx.resp == 3:
        shown: dict[object, object] = {Status(name.encode()): value for name, value in facts}
        shown[Status(b"flags")] = flags
        return shown
    return [part for name, value in facts for part in (Status(name.encode()), value)] + flags


def _vector_facts(one: Field) -> list[tuple[str, Any]]:
    given = one.parameters
    facts: list[tuple[str, Any]] = [
        ("algorithm", Status(one.algorithm.encode())),
        ("data_type", Status(given["TYPE"].upper().encode())),
        ("dim", int(given["DIM"])),
        ("distance_metric", Status(given["DISTANCE_METRIC"].upper().encode())),
    ]
    if one.algorithm == "HNSW":
        facts.append(("M", int(given.get("M", "16"))))
        facts.append(("ef_construction", int(given.get("EF_CONSTRUCTION", "200"))))
    elif one.algorithm == "SVS-VAMANA":
        facts.append(("graph_max_degree", int(given.get("GRAPH_MAX_DEGREE", "32"))))
        window = given.get("CONSTRUCTION_WINDOW_SIZE", "200")
        facts.append(("construction_window_size", int(window)))
        facts.append(("compression", Status(given.get("COMPRESSION", "NO_COMPRESSION").encode())))
        facts.append(("training_threshold", int(given.get("TRAINING_THRESHOLD", "0"))))
    return facts


def _statistics(index: Index) -> dict[str, Any]:
    documents = len(index.entries)
    postings = sum(map(len, index.terms.values()))
    records = postings + sum(len(found) for found in index.numeric.values())
    records += sum(len(members) for tags in index.tags.values() for members in tags.values())
    places = sum(len(one.places) for found in index.terms.values() for one in found.values())
    megabyte = 1 << 20
    vectors = sum(len(one.rows) * one.size_bytes for one in index.vectors.values())
    return {
        "num_docs": documents,
        "max_doc_id": index.last,
        "num_terms": len(index.terms),
        "num_records": records,
        "inverted_sz_mb": records * 8 / megabyte,
        "vector_index_sz_mb": vectors / megabyte,
        "total_inverted_index_blocks": len(index.terms),
        "offset_vectors_sz_mb": places / megabyte,
        "doc_table_size_mb": documents * 80 / megabyte,
        "sortable_values_size_mb": documents * 16 / megabyte,
        "key_table_size_mb": documents * 32 / megabyte,
        "tag_overhead_sz_mb": 0.0,
        "text_overhead_sz_mb": len(index.terms) * 40 / megabyte,
        "total_index_memory_sz_mb": (records * 8 + documents * 128 + vectors) / megabyte,
        "geoshapes_sz_mb": 0.0,
        "records_per_doc_avg": records / documents if documents else float("nan"),
        "bytes_per_record_avg": 8.0 if records else float("nan"),
        "offsets_per_term_avg": places / records if records else float("nan"),
        "offset_bits_per_record_avg": 8.0 if places else float("nan"),
        "hash_indexing_failures": index.failures,
        "total_indexing_time": 0.0,
        "indexing": 0,
        "percent_indexed": 1.0,
        "number_of_uses": 1,
        "cleaning": 0,
    }


def _named(facts: dict[str, Any]) -> dict[object, object]:
    return {Status(name.encode()): value for name, value in facts.items()}


@FAMILY.command("FT.INFO")
def ft_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe an index."""
    expect(ctx, args, 1, 1)
    index = index_at(ctx, args[0])
    definition = index.definition
    described: dict[str, Any] = {
        "key_type": Status(b"JSON" if definition.is_json else b"HASH"),
        "prefixes": [Status(prefix.encode()) for prefix in definition.prefixes],
    }
    if definition.filter:
        described["filter"] = Status(definition.filter.encode())
    if definition.language != "english":
        described["default_language"] = Status(definition.language.encode())
    if definition.language_field:
        described["language_field"] = Status(definition.language_field.encode())
    described["default_score"] = definition.score
    if definition.score_field:
        described["score_field"] = Status(definition.score_field.encode())
    if definition.payload_field:
        described["payload_field"] = Status(definition.payload_field.encode())
    facts: dict[str, Any] = {
        "index_name": Status(definition.name.encode()),
        "index_options": [Status(option.encode()) for option in definition.options],
        "index_definition": _named(described),
        "attributes": [_attribute(ctx, one) for one in definition.fields],
        **_statistics(index),
        "gc_stats": _named(dict.fromkeys(_GC_STATS, 0.0)),
        "cursor_stats": _named(_cursor_stats(ctx, definition.name)),
    }
    if definition.has_own_stop_words:
        facts["stopwords_list"] = [Status(word.encode()) for word in definition.stop_words]
    facts["dialect_stats"] = _named({f"dialect_{number}": 0 for number in range(1, 5)})
    error, key = index.last_failure or ("N/A", b"N/A")
    failures = {
        "indexing failures": index.failures,
        "last indexing error": Status(error.encode()),
        "last indexing error key": key,
    }
    facts["Index Errors"] = _named(failures)
    facts["field statistics"] = [
        _named(
            {
                "identifier": Status(one.identifier.encode()),
                "attribute": Status(one.name.encode()),
                "Index Errors": _named(failures),
            }
        )
        for one in definition.fields
    ]
    return _named(facts)


_GC_STATS = (
    "bytes_collected", "total_ms_run", "total_cycles", "average_cycle_time_ms", "last_run_time_ms",
    "gc_numeric_trees_missed", "gc_blocks_denied",
)  # fmt: skip


def _cursor_stats(ctx: Context, name: str) -> dict[str, int]:
    cursors = catalog(ctx).cursors.values()
    mine = sum(cursor.index == name for cursor in cursors)
    return {
        "global_idle": len(cursors),
        "global_total": len(cursors),
        "index_capacity": 128,
        "index_total": mine,
    }
