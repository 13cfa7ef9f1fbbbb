"""Options of COPY: read, checked against each other with PostgreSQL's errors, defaults by format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.encodings import Encoding, encoding_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.parse import Node

_NOT_DELIMITERS = frozenset("\\.abcdefghijklmnopqrstuvwxyz0123456789")


@dataclass(frozen=True, slots=True)
class Options:
    """How the data looks.

    Args:
        form: `text`, `csv` or `binary`.
        delimiter: Between fields.
        null: What stands for NULL.
        header: A first line of names: `False`, `True` or `match`.
        quote: Around fields of CSV.
        escape: Before quotes within such.
        force_quote: Columns always quoted; `*` for all.
        force_not_null: Columns whose values are never NULL.
        force_null: Columns whose quoted values may be NULL.
        encoding: Of the data; None for the client's.
    """

    form: str = "text"
    delimiter: str = "\t"
    null: str = "\\N"
    header: bool | str = False
    quote: str = '"'
    escape: str = '"'
    force_quote: frozenset[str] = frozenset()
    force_not_null: frozenset[str] = frozenset()
    force_null: frozenset[str] = frozenset()
    encoding: Encoding | None = None

    @property
    def is_binary(self) -> bool:
        """The binary format."""
        return self.form == "binary"


def read_options(nodes: list[Node], *, is_from: bool) -> Options:
    """Read the options of a COPY.

    Raises:
        PostgresError: unknown, given twice, of the wrong kind, or not fitting together.
    """
    found: dict[str, Any] = {}
    for node in nodes:
        element = node["DefElem"]
        name, position = element["defname"], element.get("location", 0)
        reader = _READERS.get(name)
        if reader is None:
            raise error("42601", f'option "{name}" not recognized', position=position)
        if name in found:
            raise error("42601", "conflicting or redundant options", position=position)
        found[name] = reader(name, element.get("arg"), position)
    found.pop("freeze", None)
    form = found.get("format", "text")
    _check_presence(found, form)
    is_csv = form == "csv"
    quote = found.get("quote", '"')
    made = Options(
        form,
        found.get("delimiter", "," if is_csv else "\t"),
        found.get("null", "" if is_csv else "\\N"),
        found.get("header", False),
        quote,
        found.get("escape", quote),
        found.get("force_quote", frozenset()),
        found.get("force_not_null", frozenset()),
        found.get("force_null", frozenset()),
        found.get("encoding"),
    )
    _check_values(made, is_from=is_from)
    return made


def _check_presence(found: dict[str, Any], form: str) -> None:
    if form == "binary":
        for name in ("delimiter", "null", "header"):
            if name in found and found[name] is not False:
                raise error("42601", f"cannot specify {name.upper()} in BINARY mode")
    if form != "csv":
        for name, told in (
            ("quote", "quote"),
            ("escape", "escape"),
            ("force_quote", "force quote"),
            ("force_not_null", "force not null"),
            ("force_null", "force null"),
        ):
            if name in found:
                raise error("0A000", f"COPY {told} available only in CSV mode")


def _check_values(made: Options, *, is_from: bool) -> None:
    if len(made.delimiter.encode()) != 1:
        raise error("0A000", "COPY delimiter must be a single one-byte character")
    if made.delimiter in "\r\n":
        raise error("22023", "COPY delimiter cannot be newline or carriage return")
    if "\r" in made.null or "\n" in made.null:
        raise error("22023", "COPY null representation cannot use newline or carriage return")
    if made.form == "text" and made.delimiter in _NOT_DELIMITERS:
        raise error("22023", f'COPY delimiter cannot be "{made.delimiter}"')
    if made.form == "csv":
        _check_csv(made, is_from=is_from)
    if not made.is_binary and made.delimiter in made.null:
        raise error("22023", "COPY delimiter must not appear in the NULL specification")
    if made.form == "csv" and made.quote in made.null:
        raise error("22023", "CSV quote character must not appear in the NULL specification")
    if made.header == "match" and not is_from:
        raise error("0A000", 'cannot use "match" with HEADER in COPY TO')


def _check_csv(made: Options, *, is_from: bool) -> None:
    if len(made.quote.encode()) != 1:
        raise error("0A000", "COPY quote must be a single one-byte character")
    if made.delimiter == made.quote:
        raise error("22023", "COPY delimiter and quote must be different")
    if len(made.escape.encode()) != 1:
        raise error("0A000", "COPY escape must be a single one-byte character")
    if made.force_quote and is_from:
        raise error("0A000", "COPY force quote only available using COPY TO")
    if made.force_not_null and not is_from:
        raise error("0A000", "COPY force not null only available using COPY FROM")
    if made.force_null and not is_from:
        raise error("0A000", "COPY force null only available using COPY FROM")


# --- reading one option ----------------------------------------------------------------------


def _string(name: str, arg: Node | None, position: int) -> str:  # noqa: ARG001 -- readers are called alike
    if arg is None:
        raise error("42601", f"{name} requires a parameter")
    ((kind, body),) = arg.items()
    found: str = str(
        body.get({"String": "sval", "Float": "fval", "Integer": "ival"}.get(kind, ""), "")
    )
    return found


def _format(name: str, arg: Node | None, position: int) -> str:
    form = _string(name, arg, position)
    if form not in {"text", "csv", "binary"}:
        raise error("22023", f'COPY format "{form}" not recognized', position=position)
    return form


def _boolean(name: str, arg: Node | None, position: int) -> bool:
    if arg is None:
        return True
    if "Boolean" in arg:
        return bool(arg["Boolean"].get("boolval", False))
    if "Integer" in arg and arg["Integer"].get("ival", 0) in {0, 1}:
        return bool(arg["Integer"].get("ival", 0))
    word = _string(name, arg, position).lower()
    if word in {"true", "on", "false", "off"}:
        return word in {"true", "on"}
    raise error("42601", f"{name} requires a Boolean value")


def _header(name: str, arg: Node | None, position: int) -> bool | str:
    if arg is not None and _string(name, arg, position).lower() == "match":
        return "match"
    try:
        return _boolean(name, arg, position)
    except PostgresError:
        raise error("42601", f'{name} requires a Boolean value or "match"') from None


def _names(name: str, arg: Node | None, position: int) -> frozenset[str]:
    if arg is not None and "A_Star" in arg and name == "force_quote":
        return frozenset({"*"})
    if arg is None or "List" not in arg:
        message = f'argument to option "{name}" must be a list of column names'
        raise error("22023", message, position=position)
    return frozenset(item["String"]["sval"] for item in arg["List"]["items"])


def _encoding(name: str, arg: Node | None, position: int) -> Encoding:
    found = encoding_named(_string(name, arg, position))
    if found is None:
        message = f'argument to option "{name}" must be a valid encoding name'
        raise error("22023", message, position=position)
    return found


_READERS: dict[str, Callable[[str, Any, int], Any]] = {
    "format": _format,
    "freeze": _boolean,
    "delimiter": _string,
    "null": _string,
    "header": _header,
    "quote": _string,
    "escape": _string,
    "force_quote": _names,
    "force_not_null": _names,
    "force_null": _names,
    "encoding": _encoding,
}
