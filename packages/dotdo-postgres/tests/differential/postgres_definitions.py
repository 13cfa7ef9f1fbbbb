"""Random scripts that change a schema and look at what became of it: names come from small pools, so they often clash."""

from pathlib import Path

from postgres_statements import DECLARED, Column, Writer, read_forms

TABLES = ("t1", "t2", "t3")
FIRST = "create table {} (id int primary key, n int, m numeric, s text, b bool, d date)"
COLUMNS = tuple(
    Column(name, kind)
    for name, kind in (
        ("id", "int"),
        ("n", "int"),
        ("m", "num"),
        ("s", "text"),
        ("b", "bool"),
        ("d", "date"),
        ("u", "ints"),
    )
)
FORMS = read_forms(Path(__file__).parent / "definitions.txt", DECLARED)


class Definitions(Writer):
    """Writes scripts of statements by the forms of definitions.txt."""

    def script(self, count: int) -> list[str]:
        """The first tables, and statements that follow."""
        first = [FIRST.format(name) for name in TABLES if not self.perhaps(3)]
        return first + [self.form("statement") for _ in range(count)]

    def form(self, kind: str) -> str:
        """A form of a kind, its holes filled."""
        if kind in DECLARED:
            return self.expression(kind, [one for one in COLUMNS if not self.perhaps(3)], 1)
        parts = self.pick(FORMS[kind])
        return "".join(
            part if place % 2 == 0 else self.form(part) for place, part in enumerate(parts)
        )
