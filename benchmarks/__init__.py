"""Benchmarks: every figure is measured beside its peers in one run and told as a ratio."""
