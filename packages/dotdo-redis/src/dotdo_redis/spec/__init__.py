"""Facts generated from the vendor's own description, naming generator and source version; it refuses edits by hand."""
