"""Triggers: defined by statements, fired by writes that come through SQL."""
