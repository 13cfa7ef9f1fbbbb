"""Parse, bind, plan, run: one declaration and one function per operation; it refuses I/O, clock and globals."""
