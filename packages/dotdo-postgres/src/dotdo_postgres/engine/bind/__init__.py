"""Binding: parse trees become typed queries, names resolved against the catalog."""
