"""The main job: load Chinook through psycopg's surface, work on it, and look at what a tenant adds. `python -m examples.chinook`."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dotdo
import dotdo_postgres as psycopg
from examples.chinook import small

CORPORA = Path(os.environ.get("DOTDO_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
WHOLE = CORPORA / "chinook" / "Chinook_PostgreSql.sql"

BEST_CUSTOMERS = """
    select first_name || ' ' || last_name, country, sum(total), count(*)
    from customer join invoice using (customer_id)
    group by customer_id order by sum(total) desc, customer_id limit 3
"""
GENRES = """
    select g.name, sum(l.quantity * l.unit_price),
           rank() over (order by sum(l.quantity * l.unit_price) desc)
    from invoice_line l join track t using (track_id) join genre g using (genre_id)
    group by g.genre_id order by 2 desc, 1 limit 3
"""
YEARS = """
    select extract(year from invoice_date)::int, sum(total)
    from invoice group by 1 order by 1
"""


def main(script_file: Path = WHOLE) -> None:
    """Run the whole story on a tenant of its own, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DOTDO_HOME"] = folder
        with timed("everything"):
            load(script_file)
            shop = dotdo.open("chinook")
            ask_questions()
            walk_the_graph(shop)
            take_an_order(shop)
            look_back(shop)
            try_something_out(shop)


def load(script_file: Path) -> None:
    """Load the script as an application would."""
    if script_file.exists():
        sql = without_psql_lines(script_file.read_text())
    else:
        print(f"{script_file} is not there: a small shop is loaded instead")
        sql = small.SCRIPT
    with timed("load"), psycopg.connect("dbname=chinook", autocommit=True) as connection:
        connection.execute(sql)
        tables = [noun.name for noun in dotdo.open("chinook").nouns.all()]
        rows = sum(count(connection, name) for name in tables)
    print(f"loaded {len(tables)} tables, {rows:,} rows")


def without_psql_lines(script: str) -> str:
    """Return the script from where psql would have connected to its new database."""
    lines = script.splitlines(keepends=True)
    start = next((n + 1 for n, line in enumerate(lines) if line.startswith("\\c")), 0)
    return "".join(lines[start:])


def count(connection: Any, table: str) -> int:
    """Return the number of rows of a table."""
    query = psycopg.sql.SQL("select count(*) from {}").format(psycopg.sql.Identifier(table))
    (rows,) = connection.execute(query).fetchone()
    return int(rows)


def ask_questions() -> None:
    """Answer three questions of the business."""
    with timed("three questions"), psycopg.connect("dbname=chinook") as connection:
        print("best customers:")
        for name, country, total, invoices in connection.execute(BEST_CUSTOMERS):
            print(f"  {name} ({country}): {total} in {invoices} invoices")
        print("best genres:")
        for name, total, rank in connection.execute(GENRES):
            print(f"  {rank}. {name}: {total}")
        print("by year:", ", ".join(f"{y}: {t}" for y, t in connection.execute(YEARS)))


def walk_the_graph(shop: dotdo.Tenant) -> None:
    """Rows are things, foreign keys are relationships."""
    album = shop.things.get("album", 1)
    (artist,) = shop.things.related(album, "artist")
    print(f"album {album.title!r} leads to artist {artist.name!r}")


def take_an_order(shop: dotdo.Tenant) -> None:
    """Sell a track through SQL while a handler listens."""
    seen: list[dotdo.Event] = []
    shop.on.invoice.created(seen.append)
    with timed("an order"), psycopg.connect("dbname=chinook") as connection:
        (number,) = connection.execute("select max(invoice_id) + 1 from invoice").fetchone()
        (line,) = connection.execute("select max(invoice_line_id) + 1 from invoice_line").fetchone()
        with connection.transaction():
            connection.execute(
                "insert into invoice (invoice_id, customer_id, invoice_date, total)"
                " values (%s, %s, %s, %s)",
                (number, 1, datetime.fromisoformat("2026-01-08T12:00"), Decimal("0.99")),
            )
            connection.execute(
                "insert into invoice_line values (%s, %s, %s, %s, %s)",
                (line, number, 1, Decimal("0.99"), 1),
            )
        try:
            with connection.transaction():
                connection.execute(
                    "insert into invoice_line values (%s, -1, 1, 0.99, 1)", (line + 1,)
                )
        except psycopg.errors.ForeignKeyViolation as error:
            print(f"refused: {error.diag.message_primary}")
    print("the handler saw:", ", ".join(f"{event.name} {event.thing.id}" for event in seen))


def look_back(shop: dotdo.Tenant) -> None:
    """Change a name, and read it as it was."""
    with psycopg.connect("dbname=chinook") as connection:
        connection.execute("update artist set name = upper(name) where artist_id = 2")
    with timed("the past"):
        now, then = (name_of_artist(reference) for reference in ("chinook", "chinook@~1"))
    print(f"artist 2 is {now!r}, one transaction ago {then!r}")
    for version in shop.history(("artist", 2)):
        print(
            f"  version {version.seq}: {version.verb} through {version.api}: {version.state.name}"
        )


def name_of_artist(reference: str) -> str:
    """Return the name of artist 2 in a branch or at a moment."""
    with psycopg.connect(dbname=reference) as connection:
        (name,) = connection.execute("select name from artist where artist_id = 2").fetchone()
    return str(name)


def try_something_out(shop: dotdo.Tenant) -> None:
    """Raise prices on a branch, see what would change, and bring it back."""
    with timed("a branch and its merge"):
        shop.branch("experiment")
        with psycopg.connect("dbname=chinook@experiment") as connection:
            raised = connection.execute(
                "update track set unit_price = unit_price * 1.1 where genre_id = 1"
            ).rowcount
        here = price_of_track("chinook")
        print(f"on the branch {raised} tracks cost more; here track 1 still costs {here}")
        print(f"the difference: {len(shop.diff('experiment'))} things")
        merged = shop.merge("experiment")
    print(f"merged: {merged.updated} updated; track 1 costs {price_of_track('chinook')}")


def price_of_track(reference: str) -> Decimal:
    """Return the price of track 1."""
    with psycopg.connect(dbname=reference) as connection:
        (price,) = connection.execute("select unit_price from track where track_id = 1").fetchone()
    return Decimal(price)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a step took."""
    started_ns = time.perf_counter_ns()
    yield
    print(f"[{what}: {(time.perf_counter_ns() - started_ns) / 1e6:,.0f} ms]")


if __name__ == "__main__":
    main()
