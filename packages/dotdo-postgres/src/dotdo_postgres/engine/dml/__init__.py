"""Statements that change rows: INSERT, UPDATE, DELETE, COPY FROM."""
