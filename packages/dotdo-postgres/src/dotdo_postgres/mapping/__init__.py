"""PostgreSQL's values and the storage values SQLite keeps: types, text and binary forms, Python values."""
