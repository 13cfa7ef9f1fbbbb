"""The search path: which schemas bare names are looked for in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.collected import objects_of
from dotdo_postgres.engine.objects.temporary import ALIAS, schema_name

if TYPE_CHECKING:
    from dotdo.storage import Catalog
    from dotdo_postgres.engine.session import Session


def split_identifiers(text: str) -> list[str]:
    """Read a list of identifiers as settings have them: folded to lower case unless quoted."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while end < len(text) and not (text[end] == '"' and text[end + 1 : end + 2] != '"'):
                end += 2 if text[end] == '"' else 1
            found.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
            while at < len(text) and text[at] in ", ":
                at += 1
        else:
            word, _, rest = text[at:].partition(",")
            found.append(word.strip().lower())
            text, at = rest.strip(), 0
    return [name for name in found if name]


def split_qualified(text: str) -> tuple[str | None, str]:
    """Read the name of a relation as regclass does: `app."Users"`."""
    parts = split_identifiers(text.replace(".", ",") if '"' not in text else _commas(text))
    if len(parts) > 1:
        return parts[-2], parts[-1]
    return None, parts[0] if parts else ""


def _commas(text: str) -> str:
    out, is_quoted = [], False
    for char in text:
        is_quoted ^= char == '"'
        out.append("," if char == "." and not is_quoted else char)
    return "".join(out)


def search_path(session: Session, catalog: Catalog) -> tuple[str, ...]:
    """Return the schemas of the search path that are there, pg_catalog first where the path does not place it."""
    schemas = objects_of(catalog).schemas
    found: list[str] = []
    temporary = schema_name(session.pid)
    aliases = {"$user": session.facts.user, ALIAS: temporary}
    for name in split_identifiers(session.settings.values["search_path"]):
        schema = aliases.get(name, name)
        is_there = schema in schemas or schema in {"pg_catalog", "information_schema"}
        if is_there and schema not in found:
            found.append(schema)
    if "pg_catalog" not in found:
        found.insert(0, "pg_catalog")
    if temporary in schemas and temporary not in found:
        found.insert(0, temporary)
    return tuple(found)
