"""Bytes to messages and back, without I/O; it refuses what a message means."""
