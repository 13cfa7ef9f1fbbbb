"""The commands, one module per family; it refuses structures, which are in types."""
