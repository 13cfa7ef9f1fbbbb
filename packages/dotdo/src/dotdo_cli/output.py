"""What the command writes: one JSON document, or text for people; on a terminal with colours, into a pipe without."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock, Timer
from typing import TYPE_CHECKING

import typer

from dotdo_cli.errors import ReaderGone

if TYPE_CHECKING:
    from rich.status import Status

Row = Sequence[object]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATIENCE_S = 1.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_NUMBERS = (int, float)


class Output:
    """Where results go.

    Args:
        is_json: One JSON document instead of text.
    """

    def __init__(self, *, is_json: bool = False) -> None:
        self.is_json = is_json

    def write(self, text: str) -> None:
        """Write a line.

        Raises:
            ReaderGone: Nobody reads any more.
        """
        try:
            typer.echo(text)
        except BrokenPipeError:
            raise ReaderGone from None

    def document(self, value: object) -> None:
        """Write a JSON document."""
        is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        self.write(json.dumps(value, indent=2, ensure_ascii=not is_unicode))

    def answer(self, document: object, show: Callable[[], None]) -> None:
        """Write the document, or let `show` write it for people."""
        if self.is_json:
            self.document(document)
        else:
            show()

    def note(self, text: str) -> None:
        """Tell people something beside the result."""
        if not self.is_json:
            typer.echo(text, err=True)

    def table(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write rows under their columns; nothing at all when there are none."""
        if not rows:
            return
        if _is_terminal(sys.stdout):
            self._rich_table(columns, rows)
            return
        cells = [[name.upper() for name in columns], *(list(map(clean, row)) for row in rows)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
        for line in cells:
            padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.write("  ".join(padded).rstrip())

    @staticmethod
    def _rich_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for i, name in enumerate(columns):
            is_number = all(isinstance(row[i], _NUMBERS) or row[i] is None for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        Console(file=sys.stdout).print(table)

    @contextmanager
    def waiting(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal that something takes long, once it has taken a second; yields what changes the text."""
        if self.is_json or not _is_terminal(sys.stderr):
            yield _ignore
            return
        spinner = _Spinner(text)
        try:
            yield spinner.say
        finally:
            spinner.stop()


class _Spinner:
    """A line that moves on standard error, from a second after it was made."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._guard = Lock()
        self._status: Status | None = None
        self._timer = Timer(_PATIENCE_S, self._start)
        self._timer.daemon = True
        self._timer.start()

    def _start(self) -> None:
        from rich.console import Console
        from rich.text import Text

        with self._guard:
            if not self._timer.finished.is_set():
                self._status = Console(stderr=True).status(Text(clean(self._text)))
                self._status.start()

    def say(self, text: str) -> None:
        """Change the text."""
        self._text = text
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(clean(text)))

    def stop(self) -> None:
        """Take the line away."""
        self._timer.cancel()
        with self._guard:
            if self._status is not None:
                self._status.stop()


def _ignore(_text: str) -> None:
    pass


def _is_terminal(stream: object) -> bool:
    is_a_tty = getattr(stream, "isatty", None)
    return is_a_tty is not None and is_a_tty() and os.environ.get("TERM") != "dumb"


def clean(value: object) -> str:
    """Return a value as one line of text, without anything that a terminal would obey."""
    if value is None:
        return ""
    text = _spelled(value) if isinstance(value, bool | Mapping | list) else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _spelled(value: object) -> str:
    """Return a composed value as JSON, and what JSON lacks (decimals, times, bytes) as people write it."""
    from dotdo.values import untagged

    known = untagged(value)
    if isinstance(known, bool | Mapping | list):
        return json.dumps(known, ensure_ascii=False, default=_written)
    return _written(known)


def _written(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return str(value)


def iso(time_us: int | None) -> str | None:
    """Return microseconds since 1970 as ISO 8601 in UTC; None for none, and for the time before any."""
    if not time_us:
        return None
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat().replace("+00:00", "Z")


def short(moment: str | None) -> str | None:
    """Return such a time to the second, for people."""
    return None if moment is None else moment[:19].replace("T", " ")


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError


def plural(count: int, word: str) -> str:
    """Return `1 thing`, `2 things`, `2 branches`."""
    ending = "" if count == 1 else "es" if word.endswith("ch") else "s"
    return f"{count:,} {word}{ending}"
