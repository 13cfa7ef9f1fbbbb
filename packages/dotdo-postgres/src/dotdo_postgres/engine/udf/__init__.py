"""User-defined routines: what is kept of them, how a call resolves, what running one needs."""
