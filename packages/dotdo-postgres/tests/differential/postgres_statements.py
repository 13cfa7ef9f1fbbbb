"""Random schemas, rows and statements for PostgreSQL: what they mean is settled, how they are written is not."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOLE = re.compile("<([a-z]+)>")
DEPTH = 3
DECLARED = {
    "int": ("int", "bigint", "smallint"),
    "num": ("numeric", "numeric(10, 2)"),
    "float": ("float8",),
    "text": ("text", "varchar(20)"),
    "bool": ("bool",),
    "date": ("date",),
    "ts": ("timestamp",),
    "tstz": ("timestamptz",),
    "time": ("time",),
    "iv": ("interval",),
    "uuid": ("uuid",),
    "bytea": ("bytea",),
    "json": ("jsonb",),
    "ints": ("int[]",),
    "texts": ("text[]",),
    "range": ("int4range",),
    "mood": ("mood",),
}
KINDS = tuple(DECLARED)
AGGREGATES = {
    "int": ("count(*)", "count({int})", "count(distinct {text})", "sum({int})::int", "max({int})"),
    "num": ("sum({num})", "avg({int})", "min({num})", "sum(distinct {int})", "stddev_pop({int})"),
    "float": ("max({float})", "min({float})"),
    "text": ("max({text})", "string_agg({text}, ',' order by {text})", "min({text})"),
    "bool": ("bool_and({bool})", "bool_or({bool})", "every({bool})"),
    "date": ("max({date})",),
    "ts": ("min({ts})",),
    "iv": ("sum({iv})", "max({iv})", "avg({iv})"),
    "ints": ("array_agg({int} order by {int})", "array_agg(distinct {int})"),
    "json": ("jsonb_agg({int} order by {int})",),
    "range": (),
    "mood": ("max({mood})",),
}
WINDOWS = (
    ("int", "row_number()"),
    ("int", "rank()"),
    ("int", "dense_rank()"),
    ("int", "ntile(3)"),
    ("int", "count(*)"),
    ("num", "sum({num})"),
    ("int", "lag({int})"),
    ("text", "lead({text}, 1, 'none')"),
    ("int", "first_value({int})"),
    ("text", "last_value({text})"),
    ("num", "avg({int})"),
    ("int", "nth_value({int}, 2)"),
    ("float", "cume_dist()"),
    ("float", "percent_rank()"),
)
FRAMES = (
    "",
    " rows between 1 preceding and 1 following",
    " rows unbounded preceding",
    " groups between 1 preceding and current row",
    " range between unbounded preceding and current row exclude ties",
    " rows between current row and unbounded following",
)
JOINS = ("join", "left join", "right join", "full join")


def read_forms(path: Path, kinds: Iterable[str]) -> dict[str, list[list[str]]]:
    """The forms of each kind, split at their holes: text, kind, text, kind, ..., text."""
    lines = [line.split(" ", 1) for line in path.read_text().splitlines() if line[:1] != "#"]
    holes = {*kinds, *(kind for kind, _ in lines)}
    forms = defaultdict(list)
    for kind, form in lines:
        pieces = HOLE.split(form)
        forms[kind].append(joined_where(pieces, lambda word: word in holes))
    return dict(forms)


def joined_where(pieces: list[str], is_hole: Callable[[str], bool]) -> list[str]:
    """Pieces of text with words between them, those words that are no holes made text again."""
    found = pieces[:1]
    for word, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if is_hole(word):
            found += [word, text]
        else:
            found[-1] += f"<{word}>{text}"
    return found


GRAMMAR = read_forms(Path(__file__).parent / "grammar.txt", DECLARED)


@dataclass
class Column:
    """A name that statements may use, and the kind of its values."""

    name: str
    kind: str


@dataclass
class Table:
    """A table of a random schema: its key is the column `id`."""

    name: str
    columns: list[Column]
    declared: dict[str, str] = field(default_factory=dict)


class Writer:
    """Writes random statements; `choose(n)` says which of n possibilities is taken, and 0 is the plainest."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose
        self.tables: list[Table] = []
        self.names = 0

    def pick(self, things: Sequence[Any]) -> Any:
        """One of some things."""
        return things[self.choose(len(things))]

    def perhaps(self, chance: int = 2) -> bool:
        """Whether to do what is done once in `chance` times."""
        return self.choose(chance) == chance - 1

    def name(self, start: str = "c") -> str:
        """A name that no other has."""
        self.names += 1
        return f"{start}{self.names}"

    def expression(self, kind: str, scope: Sequence[Column], depth: int = DEPTH) -> str:
        """An expression of a kind over the columns in scope."""
        columns = [column.name for column in scope if column.kind == kind]
        if columns and (depth <= 0 or not self.perhaps(3)):
            return str(self.pick(columns))
        forms = GRAMMAR[kind]
        if depth <= 0:
            forms = [form for form in forms if len(form) == 1]
        form = self.pick(forms)
        if len(form) == 1:
            return str(form[0])
        parts = [
            part if place % 2 == 0 else self.expression(part, scope, depth - 1)
            for place, part in enumerate(form)
        ]
        return "(" + "".join(parts) + ")"

    def filled(self, template: str, scope: Sequence[Column], depth: int = 1) -> str:
        """A template with `{kind}` holes; equal holes get the same expression."""
        for kind in KINDS:
            if f"{{{kind}}}" in template:
                template = template.replace(f"{{{kind}}}", self.expression(kind, scope, depth))
        return template

    # -- schema

    def schema(self) -> list[str]:
        """The statements that make one or two tables with rows."""
        statements = []
        for _ in range(1 + self.choose(2)):
            table = Table(self.name("t"), [Column("id", "int")])
            for _ in range(2 + self.choose(4)):
                kind = self.pick(KINDS)
                column = Column(self.name(), kind)
                table.columns.append(column)
                table.declared[column.name] = self.pick(DECLARED[kind])
            statements.append(self.create(table))
            statements.append(self.rows(table))
            self.tables.append(table)
        return statements

    def create(self, table: Table) -> str:
        parts = ["id int primary key"]
        for column in table.columns[1:]:
            declared = table.declared[column.name]
            default = ""
            if self.perhaps(5):
                default = f" default {self.expression(column.kind, [], 1)}"
            elif self.perhaps(12):
                default = " generated always as (id + 1) stored" if column.kind == "int" else ""
            parts.append(f"{column.name} {declared}{default}")
            if "generated" in default:
                column.kind = "generated"
        return f"create table {table.name} ({', '.join(parts)})"

    def rows(self, table: Table) -> str:
        columns = [column for column in table.columns[1:] if column.kind != "generated"]
        rows = []
        for number in range(1 + self.choose(7)):
            values = [self.expression(column.kind, [], 0) for column in columns]
            rows.append(f"({', '.join([str(number), *values])})")
        names = ", ".join(["id", *(column.name for column in columns)])
        for column in table.columns:
            column.kind = "int" if column.kind == "generated" else column.kind
        return f"insert into {table.name} ({names}) values {', '.join(rows)}"

    # -- queries

    def statement(self) -> str:
        """A query or a change."""
        return str(self.pick((self.query, self.query, self.query, self.change))())

    def query(self) -> str:
        """A query whose rows are in an order that is settled, or in none."""
        made = self.pick((self.plain, self.plain, self.grouped, self.windowed, self.united))
        return str(self.ordered(*made()))

    def source(self) -> tuple[str, list[Column]]:
        """A FROM clause and the columns that it brings."""
        text, scope = self.relation()
        if self.perhaps(3):
            other, more = self.relation()
            join = self.pick(JOINS)
            on = f"{self.pick(integers(scope))} = {self.pick(integers(more))}"
            if join != "full join" and self.perhaps(4):
                on += f" and {self.expression('bool', scope + more, 1)}"
            text, scope = f"{text} {join} {other} on {on}", scope + more
        if self.perhaps(8):
            alias = self.name("l")
            kind = self.pick(KINDS)
            inner = self.expression(kind, scope, 2)
            text += f" cross join lateral (select {inner} as v) {alias}"
            scope = [*scope, Column(f"{alias}.v", kind)]
        if self.perhaps(10):
            alias = self.name("g")
            text += f" cross join generate_series(1, 2) {alias}"
            scope = [*scope, Column(alias, "int")]
        return text, scope

    def relation(self) -> tuple[str, list[Column]]:
        table = self.pick(self.tables)
        alias = self.name("r")
        scope = [Column(f"{alias}.{column.name}", column.kind) for column in table.columns]
        if not self.perhaps(6):
            return f"{table.name} {alias}", scope
        plain = [Column(column.name, column.kind) for column in table.columns]
        extra, kind = self.name("x"), self.pick(KINDS)
        inner = f"select *, {self.expression(kind, plain, 2)} as {extra} from {table.name}"
        if self.perhaps():
            inner += f" where {self.expression('bool', plain, 2)}"
        return f"({inner}) {alias}", [*scope, Column(f"{alias}.{extra}", kind)]

    def where(self, scope: Sequence[Column]) -> str:
        if self.perhaps():
            return ""
        condition = self.expression("bool", scope)
        if self.perhaps(5):
            table = self.pick(self.tables)
            alias = self.name("s")
            inner = [Column(f"{alias}.{column.name}", column.kind) for column in table.columns]
            test = self.expression("bool", [*inner, *scope], 2)
            condition = self.pick(
                (
                    f"exists (select 1 from {table.name} {alias} where {test})",
                    f"{self.expression('int', scope, 1)} in (select {self.expression('int', inner, 1)} from {table.name} {alias})",
                    f"{self.expression('int', scope, 1)} not in (select {alias}.id from {table.name} {alias} where {test})",
                    f"{self.expression('int', scope, 1)} > (select max({alias}.id) from {table.name} {alias} where {test})",
                )
            )
        return f" where {condition}"

    def plain(self) -> tuple[str, int]:
        source, scope = self.source()
        items = [self.item(scope) for _ in range(1 + self.choose(4))]
        distinct = "distinct " if self.perhaps(6) else ""
        return f"select {distinct}{', '.join(items)} from {source}{self.where(scope)}", len(items)

    def item(self, scope: Sequence[Column]) -> str:
        kind = self.pick(KINDS)
        if self.perhaps(10):
            table = self.pick(self.tables)
            alias = self.name("s")
            inner = [Column(f"{alias}.{column.name}", column.kind) for column in table.columns]
            of_kind = self.pick(("int", "text", "num"))
            template = self.pick(AGGREGATES[of_kind])
            found = self.filled(template, inner)
            test = self.expression("bool", [*inner, *scope], 1)
            return f"(select {found} from {table.name} {alias} where {test})"
        return self.expression(kind, scope)

    def grouped(self) -> tuple[str, int]:
        source, scope = self.source()
        kinds = [self.pick(KINDS) for _ in range(self.choose(3))]
        keys = [self.expression(kind, scope, 2) for kind in kinds]
        keys = list(dict.fromkeys(key for key in keys if not is_literal(key)))
        items = [*keys, *(self.aggregate(scope) for _ in range(1 + self.choose(3)))]
        text = f"select {', '.join(items)} from {source}{self.where(scope)}"
        if keys:
            places = [str(place + 1) for place in range(len(keys))]
            plan = self.pick(("{}", "{}", "rollup ({})", "cube ({})"))
            text += f" group by {plan.format(', '.join(places))}"
        if self.perhaps(5):
            text += f" having {self.filled(self.pick(AGGREGATES['int']), scope)} > 0"
        return text, len(items)

    def aggregate(self, scope: Sequence[Column]) -> str:
        kind = self.pick([kind for kind, forms in AGGREGATES.items() if forms])
        call = self.filled(self.pick(AGGREGATES[kind]), scope)
        if self.perhaps(5) and not call.endswith("::int"):
            call += f" filter (where {self.expression('bool', scope, 1)})"
        return call

    def windowed(self) -> tuple[str, int]:
        table = self.pick(self.tables)
        scope = table.columns
        items = ["id"]
        for _ in range(1 + self.choose(2)):
            _, template = self.pick(WINDOWS)
            call = self.filled(template, scope)
            part = f"partition by {self.expression(self.pick(KINDS), scope, 1)} "
            over = part if self.perhaps() else ""
            key = self.expression(self.pick(KINDS), scope, 1)
            ties = f"{key}, id" if not is_literal(key) else "id"
            over += f"order by {ties}{self.pick(FRAMES)}"
            items.append(f"{call} over ({over})")
        return f"select {', '.join(items)} from {table.name}{self.where(scope)}", len(items)

    def united(self) -> tuple[str, int]:
        kinds = [self.pick(KINDS) for _ in range(1 + self.choose(3))]
        parts = []
        for _ in range(2 + self.choose(2)):
            source, scope = self.source()
            items = ", ".join(self.expression(kind, scope, 2) for kind in kinds)
            parts.append(f"select {items} from {source}{self.where(scope)}")
        text = parts[0]
        for part in parts[1:]:
            operator = self.pick(("union all", "union", "intersect", "except", "except all"))
            text = f"({text}) {operator} ({part})"
        if self.perhaps(4):
            name = self.name("w")
            stars = ", ".join(self.name("k") for _ in kinds)
            return f"with {name}({stars}) as ({text}) select * from {name}", len(kinds)
        return text, len(kinds)

    def ordered(self, text: str, count: int) -> str:
        if self.perhaps():
            return text
        ways = ("", "", " desc", " nulls first", " desc nulls last")
        keys = [f"{place + 1}{self.pick(ways)}" for place in range(count)]
        text = f"{text} order by {', '.join(keys)}"
        if self.perhaps(4):
            text += f" limit {1 + self.choose(4)}"
        if self.perhaps(8):
            text += f" offset {self.choose(3)}"
        return text

    # -- changes

    def change(self) -> str:
        """A statement that changes one table and returns what it changed."""
        table = self.pick(self.tables)
        return str(self.pick((self.insert, self.update, self.delete, self.merge))(table))

    def assigned(self, table: Table) -> list[Column]:
        return [column for column in table.columns[1:] if column.name in table.declared]

    def insert(self, table: Table) -> str:
        column = self.pick(self.assigned(table))
        key = self.expression("int", [], 1)
        text = f"insert into {table.name} (id, {column.name}) values ({key}, {self.expression(column.kind, [], 2)})"
        if self.perhaps():
            names = [Column(f"excluded.{one.name}", one.kind) for one in table.columns]
            names += [Column(f"{table.name}.{one.name}", one.kind) for one in table.columns]
            action = self.pick(("nothing", "update"))
            if action == "update":
                action = f"update set {column.name} = {self.expression(column.kind, names, 2)}"
            text += f" on conflict (id) do {action}"
        return f"{text} returning *"

    def update(self, table: Table) -> str:
        column = self.pick(self.assigned(table))
        value = self.expression(column.kind, table.columns)
        return f"update {table.name} set {column.name} = {value}{self.where(table.columns)} returning *"

    def delete(self, table: Table) -> str:
        return f"delete from {table.name}{self.where(table.columns)} returning *"

    def merge(self, table: Table) -> str:
        column = self.pick(self.assigned(table))
        scope = [Column(f"m.{one.name}", one.kind) for one in table.columns]
        value = self.expression(column.kind, [*scope, Column("n.k", "int")], 2)
        test = self.expression("bool", scope, 1)
        return (
            f"merge into {table.name} m using (values (1), (2), (77)) n(k) on m.id = n.k"
            f" when matched and {test} then update set {column.name} = {value}"
            f" when matched then delete"
            f" when not matched then insert (id) values (n.k)"
        )


def integers(scope: Sequence[Column]) -> list[str]:
    """The names of columns with integers."""
    return [column.name for column in scope if column.kind == "int"]


def is_literal(text: str) -> bool:
    """Whether an expression names no column (a number in GROUP BY or ORDER BY is a place)."""
    return text[:1] in "'0123456789-" or "::" in text or text in ("true", "false")
