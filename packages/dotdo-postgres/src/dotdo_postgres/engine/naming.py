"""How objects of SQL are named in the kernel: a table of `public` by its bare name, others as `schema.name`, what has no table after `$`."""

from __future__ import annotations

import re

PUBLIC = "public"
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_PARTS = re.compile(r'"(?:[^"]|"")*"|[^."]+')


def noun_name(schema: str, name: str) -> str:
    """Return the name of the noun behind a table."""
    return _part(name) if schema == PUBLIC else f"{_part(schema)}.{_part(name)}"


def _part(name: str) -> str:
    return (
        '"' + name.replace('"', '""') + '"'
        if "." in name or '"' in name or "$" in name[:1]
        else name
    )


def split_name(noun: str) -> tuple[str, str]:
    """Return schema and name of a noun's table, as SQL sees it."""
    if "." not in noun and '"' not in noun:
        return PUBLIC, noun
    parts = [
        part[1:-1].replace('""', '"') if part.startswith('"') else part
        for part in _PARTS.findall(noun)
    ]
    if len(parts) == 1:
        return PUBLIC, parts[0]
    return parts[0], ".".join(parts[1:])


def definition_name(kind: str, schema: str, name: str) -> str:
    """Return the kernel's name of an object without a table, e.g. `$sequence public.counter`."""
    return f"${kind} {_part(schema)}.{_part(name)}" if schema else f"${kind} {name}"


def split_definition(noun: str) -> tuple[str, str, str]:
    """Return kind, schema and name of an object without a table."""
    kind, _, rest = noun[1:].partition(" ")
    if kind in {"schema", "role", "extension", "acl", "defacl", "shared"}:
        return kind, "", rest
    parts = [
        part[1:-1].replace('""', '"') if part.startswith('"') else part
        for part in _PARTS.findall(rest)
    ]
    return kind, parts[0], ".".join(parts[1:])


def quote_ident(name: str) -> str:
    """Quote an identifier where SQL needs it."""
    if _PLAIN.fullmatch(name) and name not in _reserved():
        return name
    return '"' + name.replace('"', '""') + '"'


def _reserved() -> frozenset[str]:
    global _RESERVED  # noqa: PLW0603 -- read from the grammar once
    if _RESERVED is None:
        from pglast import keywords

        _RESERVED = frozenset(
            keywords.RESERVED_KEYWORDS
            | keywords.TYPE_FUNC_NAME_KEYWORDS
            | keywords.COL_NAME_KEYWORDS
        )
    return _RESERVED


_RESERVED: frozenset[str] | None = None
