"""The session that joins the serving host: all I/O of the wire; it refuses to parse or to decide."""
