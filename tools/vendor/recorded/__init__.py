"""Recorded answers of MongoDB, replayed: cases read, played on a target, judged."""
