"""Lines of COPY data: cut into fields when they come in, put together when they go out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dotdo_postgres.engine.copy.options import Options

Fields = list[str | None]
_ESCAPED = re.compile(r"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WRITTEN = {ord(character): f"\\{letter}" for letter, character in _CONTROLS.items()} | {
    ord("\\"): "\\\\"
}


def _unescape(match: re.Match[str]) -> str:
    found = match[1]
    if found in _CONTROLS:
        return _CONTROLS[found]
    if found[0] in "01234567":
        return chr(int(found, 8) & 0xFF)
    if found[0] == "x" and len(found) > 1:
        return chr(int(found[1:], 16))
    return found


def text_fields(line: str, options: Options) -> Fields:
    """Cut a line of the text format."""
    delimiter, null = options.delimiter, options.null
    if "\\" not in line:
        return [None if field == null else field for field in line.split(delimiter)]
    fields = _cut(line, delimiter)
    return [None if field == null else _ESCAPED.sub(_unescape, field) for field in fields]


def _cut(line: str, delimiter: str) -> list[str]:
    """Cut at delimiters that no backslash stands before."""
    fields, start, at = [], 0, 0
    while at < len(line):
        character = line[at]
        if character == "\\":
            at += 2
            continue
        if character == delimiter:
            fields.append(line[start:at])
            start = at + 1
        at += 1
    fields.append(line[start:])
    return fields


class CsvLines:
    """Records of CSV, which may hold line ends within quotes.

    Args:
        options: How the data looks.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._rest = ""

    def feed(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield whole records out of lines, each with what belongs to it."""
        quote, escape = self._options.quote, self._options.escape
        for line in lines:
            record = f"{self._rest}\n{line}" if self._rest else line
            if quote in record and _is_open(record, quote, escape):
                self._rest = record
            else:
                self._rest = ""
                yield record

    def end(self) -> None:
        """See that no quote is open.

        Raises:
            PostgresError: one is (22P04).
        """
        if self._rest:
            raise error("22P04", "unterminated CSV quoted field")


def _is_open(record: str, quote: str, escape: str) -> bool:
    if escape == quote:
        return record.count(quote) % 2 == 1
    is_open, at = False, 0
    while at < len(record):
        if is_open and record[at] == escape and record[at + 1 : at + 2] in {quote, escape}:
            at += 2
            continue
        if record[at] == quote:
            is_open = not is_open
        at += 1
    return is_open


def csv_fields(record: str, options: Options) -> list[tuple[str, bool]]:
    """Cut a record of CSV; return each field and whether any of it was quoted."""
    quote, escape, delimiter = options.quote, options.escape, options.delimiter
    if quote not in record:
        return [(field, False) for field in record.split(delimiter)]
    fields: list[tuple[str, bool]] = []
    part: list[str] = []
    is_open = was_quoted = False
    at, size = 0, len(record)
    while at < size:
        character = record[at]
        if is_open:
            if character == escape and record[at + 1 : at + 2] in {quote, escape} and at + 1 < size:
                part.append(record[at + 1])
                at += 1
            elif character == quote:
                is_open = False
            else:
                part.append(character)
        elif character == quote:
            is_open = was_quoted = True
        elif character == delimiter:
            fields.append(("".join(part), was_quoted))
            part, was_quoted = [], False
        else:
            part.append(character)
        at += 1
    fields.append(("".join(part), was_quoted))
    return fields


# --- writing ---------------------------------------------------------------------------------


def text_writer(options: Options) -> Callable[[Sequence[str | None]], str]:
    """Return what writes a row in the text format, without the line end."""
    null, delimiter = options.null, options.delimiter
    table = _WRITTEN if delimiter == "\t" else _WRITTEN | {ord(delimiter): f"\\{delimiter}"}

    def write(row: Sequence[str | None]) -> str:
        return delimiter.join([null if value is None else value.translate(table) for value in row])

    return write


def csv_writer(options: Options, names: Sequence[str]) -> Callable[[Sequence[str | None]], str]:
    """Return what writes a row of CSV, without the line end."""
    quote, escape, delimiter = options.quote, options.escape, options.delimiter
    forced = [name in options.force_quote or "*" in options.force_quote for name in names]
    special = re.compile(f"[{re.escape(delimiter + quote)}\r\n]")
    is_single = len(names) == 1

    def cell(value: str | None, is_forced: bool) -> str:
        if value is None:
            return options.null
        is_plain = not (
            is_forced
            or value == options.null
            or special.search(value)
            or (is_single and value == "\\.")
        )
        if is_plain:
            return value
        if escape != quote:
            value = value.replace(escape, escape + escape)
        return quote + value.replace(quote, escape + quote) + quote

    def write(row: Sequence[str | None]) -> str:
        return delimiter.join(map(cell, row, forced))

    return write
