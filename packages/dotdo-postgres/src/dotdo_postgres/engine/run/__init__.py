"""Running: Python routines for SQLite, values of the session, each kind of statement."""
