"""Functions, operators, casts and aggregates, one declaration beside one function, by chapter of the manual."""
