"""PostgreSQL's protocol 3.0 and 3.2: bytes to messages and back, without I/O."""
