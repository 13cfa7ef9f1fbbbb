"""Nouns of documents as tables of SQL: their columns are what the documents hold; it refuses to read documents in Python."""
