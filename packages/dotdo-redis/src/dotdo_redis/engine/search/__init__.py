"""Search: indexes over hashes and documents, queries, aggregations; it refuses commands."""
