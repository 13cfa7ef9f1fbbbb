"""Words of search: dictionaries, synonyms, spelling, suggestions; it refuses queries."""

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.newer import SILENT
from dotdo_redis.engine.commands.search_indexes import catalog, changed, index_at
from dotdo_redis.engine.commands.search_options import SearchOptions
from dotdo_redis.engine.commands.search_queries import parse
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.search.excerpts import asked_words
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.suggestions import Suggestions
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.words import distance
from dotdo_redis.errors import Raw, ReplyError
from dotdo_redis.mapping.replies import OK, Reply, SetReply, Status

FAMILY = Family()


# -- dictionaries


@FAMILY.command("FT.DICTADD")
def ft_dictadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add terms to a dictionary; return how many are new."""
    expect(ctx, args, 2)
    terms = catalog(ctx).dictionaries.setdefault(text_of(args[0]), {})
    before = len(terms)
    terms.update(dict.fromkeys(map(text_of, args[1:])))
    changed(ctx)
    return len(terms) - before


@FAMILY.command("FT.DICTDEL")
def ft_dictdel(ctx: Context, args: list[bytes]) -> Reply:
    """Delete terms of a dictionary; return how many were there."""
    expect(ctx, args, 2)
    known = catalog(ctx).dictionaries
    name = text_of(args[0])
    terms = known.get(name, {})
    gone = [term for term in dict.fromkeys(map(text_of, args[1:])) if term in terms]
    for term in gone:
        del terms[term]
    if not terms:
        known.pop(name, None)
    changed(ctx)
    return len(gone)


@FAMILY.command("FT.DICTDUMP")
def ft_dictdump(ctx: Context, args: list[bytes]) -> Reply:
    """All terms of a dictionary."""
    expect(ctx, args, 1, 1)
    terms = catalog(ctx).dictionaries.get(text_of(args[0]))
    if terms is None:
        raise Raw("could not open dict key")
    return SetReply(term.encode("utf-8", "surrogateescape") for term in sorted(terms))


# -- synonyms


@FAMILY.command("FT.SYNUPDATE")
def ft_synupdate(ctx: Context, args: list[bytes]) -> Reply:
    """Put words into a group of synonyms, and take the keys anew."""
    expect(ctx, args, 3)
    index = index_at(ctx, args[0])
    skips = args[2].upper() == b"SKIPINITIALSCAN"
    group = text_of(args[1])
    for word in args[3 if skips else 2 :]:
        groups = index.synonyms.setdefault(text_of(word).casefold(), [])
        if group not in groups:
            groups.append(group)
    if not skips:
        catalog(ctx).dirty.update(dict.fromkeys(index.numbers_of))
    changed(ctx)
    return OK


@FAMILY.command("FT.SYNDUMP")
def ft_syndump(ctx: Context, args: list[bytes]) -> Reply:
    """All words with their groups."""
    expect(ctx, args, 1, 1)
    index = index_at(ctx, args[0])
    return {
        word.encode(): [group.encode() for group in groups]
        for word, groups in index.synonyms.items()
    }


# -- spelling


class _SpellOptions:
    """What follows the query in FT.SPELLCHECK."""

    __slots__ = ("excluded", "included", "most")

    def __init__(self, ctx: Context, words: list[bytes]) -> None:
        self.most = 1
        self.included: list[str] = []
        self.excluded: list[str] = []
        rest = iter(words)
        for word in rest:
            option = word.upper()
            if option == b"DISTANCE":
                self.most = _distance(next(rest, b""))
            elif option == b"DIALECT":
                next(rest, b"")
            elif option == b"TERMS":
                kind, name = next(rest, b"").upper(), text_of(next(rest, b""))
                if kind not in {b"INCLUDE", b"EXCLUDE"}:
                    raise Raw("bad format, exlude/include operation was not given")
                terms = catalog(ctx).dictionaries.get(name)
                if terms is None:
                    raise Raw(f"the given dict are not exists: {name}")
                chosen = self.included if kind == b"INCLUDE" else self.excluded
                chosen += terms
            else:
                raise Raw(f"Unknown argument `{text_of(word)}`")


def _distance(word: bytes) -> int:
    error = "invalid distance given, distance must be a natural number between 1 to 4"
    try:
        number = integer(word)
    except ReplyError:
        number = 0
    if not 1 <= number <= 4:
        raise Raw(error)
    return number


@FAMILY.command("FT.SPELLCHECK")
def ft_spellcheck(ctx: Context, args: list[bytes]) -> Reply:
    """For each word of a query that no document has, those that are spelt nearly so."""
    expect(ctx, args, 2)
    index = index_at(ctx, args[0])
    options = _SpellOptions(ctx, args[2:])
    _search, node = parse(ctx, index, args[1], SearchOptions(is_verbatim=True))
    words = [w for w in asked_words(node) if w not in index.terms and w not in options.excluded]
    found = [(word, _nearly(index, word, options)) for word in words]
    if ctx.resp == 3:
        shown: dict[object, object] = {
            word.encode(): [{text.encode(): score} for score, text in near] for word, near in found
        }
        return {Status(b"results"): shown}
    return [
        [Status(b"TERM"), word.encode(), [[_score(score), text.encode()] for score, text in near]]
        for word, near in found
    ]


def _score(score: float) -> bytes:
    return b"%d" % int(score) if score == int(score) else repr(score).encode()


def _nearly(index: Index, word: str, options: _SpellOptions) -> list[tuple[float, str]]:
    documents = max(len(index.entries), 1)
    found: dict[str, float] = {}
    for term in index.words():
        if term not in options.excluded and distance(word, term, options.most) <= options.most:
            found[term] = len(index.terms[term]) / documents
    for term in options.included:
        if term not in found and distance(word, term.casefold(), options.most) <= options.most:
            found[term] = 0.0
    return sorted(
        ((score, term) for term, score in found.items()), key=lambda pair: (-pair[0], pair[1])
    )


# -- suggestions


def _suggestions(ctx: Context, key: bytes) -> Suggestions | None:
    return ctx.db.get(key, Suggestions)


@FAMILY.command("FT.SUGADD")
def ft_sugadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add a text with a score; return how many there are."""
    expect(ctx, args, 3, 6)
    try:
        score = floating(args[2])
    except ReplyError:
        raise Raw("ERR invalid score") from None
    adds_up, payload = False, None
    rest = iter(args[3:])
    for word in rest:
        if word.upper() == b"INCR":
            adds_up = True
        elif word.upper() == b"PAYLOAD":
            payload = next(rest, None)
            if payload is None:
                raise Raw("Invalid payload: Expected an argument, but none provided")
        else:
            raise Raw(f"Unknown argument `{text_of(word)}`")
    found = _suggestions(ctx, args[0])
    if found is None:
        found = Suggestions()
        ctx.db.put(args[0], found)
    found.add(text_of(args[1]), score, payload, adds_up=adds_up)
    ctx.changed(args[0], b"ft.sugadd", SILENT)
    return len(found)


@FAMILY.command("FT.SUGGET")
def ft_sugget(ctx: Context, args: list[bytes]) -> Reply:
    """The best texts that begin with a prefix."""
    expect(ctx, args, 2)
    is_fuzzy = with_scores = with_payloads = False
    most = 5
    rest = iter(args[2:])
    for word in rest:
        option = word.upper()
        if option == b"FUZZY":
            is_fuzzy = True
        elif option == b"WITHSCORES":
            with_scores = True
        elif option == b"WITHPAYLOADS":
            with_payloads = True
        elif option == b"MAX":
            most = integer(next(rest, b""))
        else:
            raise Raw(f"Unrecognized argument: {text_of(word)}")
    found = _suggestions(ctx, args[0])
    if found is None:
        return None
    reply: list[Reply] = []
    for text, score in found.complete(text_of(args[1]), most, is_fuzzy=is_fuzzy):
        reply.append(text.encode())
        if with_scores:
            reply.append(score)
        if with_payloads:
            reply.append(found.payloads.get(text))
    return reply


@FAMILY.command("FT.SUGLEN")
def ft_suglen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the texts."""
    expect(ctx, args, 1, 1)
    return len(_suggestions(ctx, args[0]) or ())


@FAMILY.command("FT.SUGDEL")
def ft_sugdel(ctx: Context, args: list[bytes]) -> Reply:
    """Delete a text; whether it was there."""
    expect(ctx, args, 2, 2)
    found = _suggestions(ctx, args[0])
    if found is None or not found.remove(text_of(args[1])):
        return 0
    ctx.changed(args[0], b"ft.sugdel", SILENT)
    ctx.discard_empty(args[0], found)
    return 1
