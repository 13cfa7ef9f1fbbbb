"""Aggregations: FT.AGGREGATE, FT.CURSOR; it refuses to find documents itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.search_definitions import Words
from dotdo_redis.engine.commands.search_indexes import catalog, index_at
from dotdo_redis.engine.commands.search_options import SearchOptions
from dotdo_redis.engine.commands.search_queries import mapped, matches, parse, row_of
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.search.catalog import Cursor
from dotdo_redis.engine.search.expressions import ExpressionError, parse_expression, truth
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.reducers import REDUCERS, ReducerError, sort_key
from dotdo_redis.engine.search.rows import Row, shown
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.errors import Raw, ReplyError
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
Rows = list[Row]
Step = Callable[[Rows], Rows]
DEFAULT_SORT = 10


@dataclass(slots=True)
class Plan:
    """The steps of an aggregation in order."""

    ctx: Context
    index: Index
    steps: list[Step] = field(default_factory=list)
    options: SearchOptions = field(default_factory=SearchOptions)
    cursor_size: int = 0
    cursor_idle_ms: int = 0
    made: set[str] = field(default_factory=set)
    """Names that steps make."""
    is_ordered: bool = False
    is_grouped: bool = False
    loads: list[tuple[str, str]] = field(default_factory=list)

    def check(self, name: str) -> str:
        """The name of a property.

        Raises:
            Raw: it is spelt without `@`.
        """
        if not name.startswith("@"):
            raise Raw(
                f"Bad arguments for GROUPBY: Unknown property `{name}`. Did you mean `@{name}`?"
            )
        return name[1:]

    def read(self, words: Words) -> None:
        """Read all steps and options.

        Raises:
            Raw: one is unknown, or its arguments make no sense.
        """
        readers = {
            "LOAD": self._load, "GROUPBY": self._group, "SORTBY": self._sort, "APPLY": self._apply,
            "FILTER": self._filter, "LIMIT": self._limit, "WITHCURSOR": self._cursor,
        }  # fmt: skip
        while words:
            option = words.peek()
            if self.options.read_shared(option, words):
                continue
            words.at += 1
            reader = readers.get(option)
            if reader is None:
                shown_word = text_of(words.words[words.at - 1])
                raise Raw(f"Unknown argument `{shown_word}` at position {words.at} for <main>")
            reader(words)

    # -- steps

    def _load(self, words: Words) -> None:
        if words.skip("*"):

            def load_all(rows: Rows) -> Rows:
                for row in rows:
                    row.load_all()
                return rows

            self.steps.append(load_all)
            return
        rest = words.counted("LOAD")
        pairs: list[tuple[str, str]] = []
        at = 0
        while at < len(rest):
            name = rest[at].lstrip("@")
            at += 1
            alias = name
            if at < len(rest) and rest[at].upper() == "AS":
                alias = rest[at + 1] if at + 1 < len(rest) else name
                at += 2
            pairs.append((name, alias))

        def load(rows: Rows) -> Rows:
            for row in rows:
                for name, alias in pairs:
                    item = row.read(name)
                    if item is not None:
                        row.values[alias] = item
            return rows

        self.steps.append(load)

    def _group(self, words: Words) -> None:
        names = [self.check(name) for name in words.counted("GROUPBY")]
        reducers: list[tuple[str, list[str], str]] = []
        while words.skip("REDUCE"):
            kind = words.take("REDUCE").upper()
            arguments = [one.lstrip("@") for one in words.counted(kind)]
            alias = words.take("AS") if words.skip("AS") else _generated(kind, arguments)
            if kind not in REDUCERS:
                raise Raw(f"No such reducer: {kind}")
            if kind != "COUNT" and not arguments:
                raise Raw(f"Bad arguments for {kind}: Expected an argument, but none provided")
            reducers.append((kind, arguments, alias.lstrip("@")))
        self.is_grouped = True
        random = self.ctx.engine.random

        def group(rows: Rows) -> Rows:
            groups: dict[Any, Rows] = {}
            for row in rows:
                for key in _keys(row, names):
                    groups.setdefault(key, []).append(row)
            if not names and not rows:
                return []
            made: Rows = []
            for key, members in groups.items():
                one = Row(None, None)
                one.values = dict(zip(names, key, strict=True))
                for kind, arguments, alias in reducers:
                    one.values[alias] = REDUCERS[kind](members, arguments, random)
                made.append(one)
            return made

        self.steps.append(group)

    def _sort(self, words: Words) -> None:
        rest = words.counted("SORTBY")
        most = 0
        if words.skip("MAX"):
            most = words.number("MAX")
        keys: list[tuple[str, bool]] = []
        for word in rest:
            if word.upper() in {"ASC", "DESC"} and keys:
                keys[-1] = keys[-1][0], word.upper() == "DESC"
            elif word.startswith("@"):
                keys.append((word[1:], False))
            else:
                raise Raw(
                    f"MISSING ASC or DESC after sort field ({word})"
                    if keys
                    else f"Unknown property `{word}`. Did you mean `@{word}`?"
                )
        self.is_ordered = True

        def sort(rows: Rows) -> Rows:
            for row in rows:
                for name, _is_descending in keys:
                    row.get(name)
            for name, is_descending in reversed(keys):
                present = [row for row in rows if row.get(name) is not None]
                absent = [row for row in rows if row.get(name) is None]
                present.sort(key=_by(name), reverse=is_descending)
                rows = present + absent
            return rows[:most] if most else rows

        self.steps.append(sort)

    def _apply(self, words: Words) -> None:
        try:
            expression = parse_expression(words.take("APPLY"))
        except ExpressionError as error:
            raise Raw(str(error)) from None
        if not words.skip("AS"):
            raise Raw(
                "AS needs argument"
                if not words
                else f"Unknown argument `{words.take()}` at position {words.at} for <main>"
            )
        alias = words.take("AS")

        def apply(rows: Rows) -> Rows:
            for row in rows:
                item = expression.evaluate(row)
                row.values[alias] = item
            return rows

        self.steps.append(apply)

    def _filter(self, words: Words) -> None:
        try:
            expression = parse_expression(words.take("FILTER"))
        except ExpressionError as error:
            raise Raw(str(error)) from None
        self.steps.append(lambda rows: [row for row in rows if truth(expression.evaluate(row))])

    def _limit(self, words: Words) -> None:
        error = "LIMIT needs two numeric arguments"
        if len(words.words) - words.at < 2:
            raise Raw("LIMIT requires two arguments")
        try:
            first, count = integer(words.take().encode()), integer(words.take().encode())
        except ReplyError:
            raise Raw(error) from None
        if first < 0 or count < 0:
            raise Raw(error)
        self.steps.append(lambda rows: rows[first : first + count])

    def _cursor(self, words: Words) -> None:
        self.cursor_size = int(catalog(self.ctx).config["CURSOR_READ_SIZE"])
        self.cursor_idle_ms = int(catalog(self.ctx).config["CURSOR_MAX_IDLE"])
        while words.peek() in {"COUNT", "MAXIDLE"}:
            name = words.take().upper()
            number = words.number(name)
            if number <= 0:
                raise Raw(f"Bad arguments for {name}: Value is outside acceptable bounds")
            if name == "COUNT":
                self.cursor_size = number
            else:
                self.cursor_idle_ms = number


def _by(name: str) -> Callable[[Row], tuple[int, float, str]]:
    return lambda row: sort_key(row.get(name))


def _keys(row: Row, names: list[str]) -> list[tuple[Any, ...]]:
    """The groups of a row: one for each value of a list."""
    found: list[tuple[Any, ...]] = [()]
    for name in names:
        item = row.get(name)
        items = item if isinstance(item, list) else [item]
        found = [(*key, one) for key in found for one in items]
    return found


def _generated(kind: str, arguments: list[str]) -> str:
    return f"__generated_alias{kind.lower()}{','.join(arguments).lower()}"


def _run(ctx: Context, args: list[bytes]) -> tuple[Plan, Rows, int]:
    index = index_at(ctx, args[0], f"{text_of(args[0])}: no such index")
    plan = Plan(ctx, index)
    plan.read(Words(args[2:]))
    search, node = parse(ctx, index, args[1], plan.options)
    found = sorted(matches(index, search, node, plan.options))
    rows = [row_of(ctx, index, search, document) for document in found]
    if plan.options.adds_scores:
        for row, document in zip(rows, found, strict=True):
            counted = node.score(search, document)
            row.values["__score"] = search.scorer.finish(index, document, counted)
    total = len(rows)
    try:
        for step in plan.steps:
            rows = step(rows)
            if plan.is_grouped and step is plan.steps[0]:
                total = len(rows)
    except (ExpressionError, ReducerError) as error:
        raise Raw(str(error)) from None
    return plan, rows, total


def _told(ctx: Context, rows: Rows, total: int) -> Reply:
    contents: list[dict[bytes, Reply]] = [
        {name.encode(): shown(item) for name, item in row.values.items()} for row in rows
    ]
    if ctx.resp == 3:
        told: list[Reply] = [
            {Status(b"extra_attributes"): content, Status(b"values"): []} for content in contents
        ]
        return mapped(total, told)
    return [total, *([part for pair in one.items() for part in pair] for one in contents)]


def aggregate_reply(ctx: Context, args: list[bytes]) -> Reply:
    """Run FT.AGGREGATE's words."""
    plan, rows, total = _run(ctx, args)
    if not plan.cursor_size:
        return _told(ctx, rows, total)
    size, idle_ms = plan.cursor_size, plan.cursor_idle_ms
    name = plan.index.definition.name
    cursor = Cursor(name, rows[size:], total, size, ctx.now_ms + idle_ms, idle_ms)
    number = 0
    if cursor.rows:
        number = ctx.engine.random.randrange(1, 1 << 31)
        catalog(ctx).cursors[number] = cursor
    return [_told(ctx, rows[:size], total), number]


@FAMILY.command("FT.AGGREGATE")
def ft_aggregate(ctx: Context, args: list[bytes]) -> Reply:
    """Group, sort and reckon with what a query finds."""
    expect(ctx, args, 1)
    if len(args) < 2:
        raise Raw("No query string provided")
    return aggregate_reply(ctx, args)


@FAMILY.command("FT.CURSOR")
def ft_cursor(ctx: Context, args: list[bytes]) -> Reply:
    """Read on, or give up, an aggregation."""
    expect(ctx, args, 3)
    action = args[0].upper()
    known = catalog(ctx)
    known.expire()
    try:
        number = integer(args[2])
    except ReplyError:
        raise Raw("Bad cursor ID") from None
    cursor = known.cursors.get(number)
    if action == b"DEL":
        if known.cursors.pop(number, None) is None:
            raise Raw("Cursor does not exist")
        return OK
    if action != b"READ":
        raise Raw("Unknown subcommand")
    if cursor is None:
        raise Raw("Cursor not found")
    words = Words(args[3:])
    if words.skip("COUNT"):
        cursor.size = words.number("COUNT")
    page, cursor.rows = cursor.rows[: cursor.size], cursor.rows[cursor.size :]
    cursor.deadline_ms = ctx.now_ms + cursor.idle_ms
    if not cursor.rows:
        del known.cursors[number]
        number = 0
    return [_told(ctx, page, cursor.total), number]
