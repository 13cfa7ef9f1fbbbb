"""Compilation: bound queries become SQLite text by way of sqlglot's expressions."""
