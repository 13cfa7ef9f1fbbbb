"""What $setWindowFields computes over the documents around each."""
