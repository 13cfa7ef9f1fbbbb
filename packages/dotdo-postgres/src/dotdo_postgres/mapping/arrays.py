"""One-dimensional arrays: PostgreSQL's `{a,"b c",NULL}` and the JSON text that carries them inside statements."""

from collections.abc import Callable

import orjson

from dotdo_postgres.errors import error, not_supported

Value = int | float | str | bytes | None


def pack(elements: list[Value]) -> str:
    """Write elements as JSON; bytes become `{"b": hex}`."""
    return orjson.dumps(
        [{"b": item.hex()} if isinstance(item, bytes) else item for item in elements]
    ).decode()


def unpack(stored: str) -> list[Value]:
    """Read the elements back."""
    return [
        bytes.fromhex(item["b"]) if isinstance(item, dict) else item
        for item in orjson.loads(stored)
    ]


def from_text(text: str, element: Callable[[str], Value]) -> str:  # noqa: C901 one step for each form of the grammar
    """Read an array literal.

    Args:
        text: `{1,2,NULL}`.
        element: Reads one element.

    Returns:
        JSON text of the elements.

    Raises:
        PostgresError: malformed (22P02), more than one dimension (0A000).
    """
    source = text.strip()
    if not (source.startswith("{") and source.endswith("}")):
        raise error(
            "22P02",
            f'malformed array literal: "{text}"',
            detail='Array value must start with "{" or dimension information.',
        )
    items: list[Value] = []
    at, end = 1, len(source) - 1
    if not source[1:end].strip():
        return "[]"
    while at <= end:
        while source[at] in " \t\n":
            at += 1
        if source[at] == "{":
            raise not_supported("an array of more than one dimension")
        if source[at] == '"':
            item, at = _quoted(source, at + 1, text)
            items.append(element(item))
        else:
            start = at
            while at < end and source[at] != ",":
                at += 2 if source[at] == "\\" else 1
            raw = source[start:at].strip()
            if not raw:
                raise error(
                    "22P02",
                    f'malformed array literal: "{text}"',
                    detail='Unexpected "," character.',
                )
            items.append(None if raw.upper() == "NULL" else element(raw.replace("\\", "")))
        while at < end and source[at] in " \t\n":
            at += 1
        if at < end and source[at] != ",":
            raise error(
                "22P02", f'malformed array literal: "{text}"', detail="Unexpected array element."
            )
        at += 1
    return pack(items)


def _quoted(source: str, at: int, text: str) -> tuple[str, int]:
    out = []
    while at < len(source) and source[at] != '"':
        if source[at] == "\\":
            at += 1
        out.append(source[at : at + 1])
        at += 1
    if at >= len(source):
        raise error(
            "22P02", f'malformed array literal: "{text}"', detail="Unexpected end of input."
        )
    return "".join(out), at + 1


def to_text(stored: str, element: Callable[[Value], str]) -> str:
    """Write an array the way PostgreSQL shows it."""
    return (
        "{"
        + ",".join(["NULL" if item is None else quote(element(item)) for item in unpack(stored)])
        + "}"
    )


def quote(text: str) -> str:
    """Quote an element where the array syntax needs it."""
    if text and text.upper() != "NULL" and not any(char in '{},"\\ \t\n\r\v\f' for char in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
