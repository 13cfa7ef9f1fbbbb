"""The cases over Chinook, one module per theme."""
