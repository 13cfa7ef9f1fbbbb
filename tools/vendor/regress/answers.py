"""What a statement gave, in a form that two servers' answers are compared in."""

import re
from dataclasses import dataclass, field

FIRST_USER_OID = 16384


@dataclass(frozen=True, slots=True)
class Answer:
    """A result or an error.

    Args:
        tag: command tag.
        columns: name and type of each column; types made by users are all alike.
        rows: values as text.
        sqlstate: of the error, None for a result; `crash` and `hang` are ours only.
        message: its text.
    """

    tag: str = ""
    columns: tuple[tuple[str, int], ...] | None = None
    rows: tuple[tuple[str | None, ...], ...] = ()
    sqlstate: str | None = None
    message: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def column(name: str, oid: int) -> tuple[str, int]:
    """Return a column as compared."""
    return name, min(oid, FIRST_USER_OID)


_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)


def cause(sql: str, wanted: Answer, given: Answer) -> str:
    """Return why an answer is not the one wanted, empty when it is; those that deceive begin with `wrong`."""
    if given.sqlstate in {"crash", "hang", "XX000"}:
        return f"{given.sqlstate}: {shape(given.message)}"
    if wanted.sqlstate != given.sqlstate:
        if given.sqlstate is None:
            return f"wrong: accepted where {wanted.sqlstate} is due: {shape(wanted.message)}"
        if given.sqlstate == "0A000":
            return f"not supported: {shape(given.message)}"
        return f"{given.sqlstate} for {wanted.sqlstate or 'an answer'}: {shape(given.message)}"
    if wanted.sqlstate is not None:
        return ""
    if wanted.columns != given.columns:
        return "wrong: columns"
    if rows(sql, wanted) != rows(sql, given):
        same = sorted(wanted.rows, key=repr) == sorted(given.rows, key=repr)
        return "wrong: order of rows" if same else "wrong: rows"
    return "" if wanted.tag == given.tag else "wrong: tag"


def rows(sql: str, answer: Answer) -> object:
    """Return rows in order where the statement asks for one."""
    return answer.rows if _ORDERED.search(sql) else sorted(answer.rows, key=repr)


def shape(message: str) -> str:
    """Return a message without its names and numbers."""
    return re.sub(r'"[^"]*"', '"..."', message)[:110]
