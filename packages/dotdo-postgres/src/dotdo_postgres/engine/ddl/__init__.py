"""Definitions: CREATE, ALTER, DROP of tables and indexes, TRUNCATE, as changes of nouns."""
