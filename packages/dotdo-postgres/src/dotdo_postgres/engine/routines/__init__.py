"""How routines are declared, and those that compiled text calls by itself."""
