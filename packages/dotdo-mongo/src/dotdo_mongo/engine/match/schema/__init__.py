"""JSON Schema of draft 4 with MongoDB's extensions, read and compiled to tests."""
