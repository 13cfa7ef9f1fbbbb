"""Quoting of identifiers and text inside SQL, and physical names of tables and columns."""

RESERVED_COLUMNS = frozenset({"_id", "_extra", "_visibility"})


def quoted(name: str) -> str:
    """Return the identifier in double quotes.

    Raises:
        ValueError: The name holds a NUL character.
    """
    if "\0" in name:
        msg = "a name cannot hold a NUL character"
        raise ValueError(msg)
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return the text as an SQL string literal (for DDL, where parameters are not allowed)."""
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def physical_table(name: str, taken: set[str]) -> str:
    """Return a table name for a noun: the name itself unless SQLite or the kernel would trip over it.

    Args:
        name: The noun's name.
        taken: Physical names in use, in lower case.
    """
    is_reserved = name.startswith("_") or name.lower().startswith("sqlite_")
    return _free(f"n{name}" if is_reserved else name, taken)


def physical_column(name: str, taken: set[str]) -> str:
    """Return a column name: the name itself unless reserved or, ignoring case, in use already."""
    return _free(f"c{name}" if name.lower() in RESERVED_COLUMNS else name, taken)


def _free(name: str, taken: set[str]) -> str:
    candidate, n = name, 1
    while candidate.lower() in taken:
        n += 1
        candidate = f"{name}~{n}"
    return candidate
