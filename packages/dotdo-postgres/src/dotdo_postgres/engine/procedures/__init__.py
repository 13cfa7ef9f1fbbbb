"""Functions, procedures, aggregates and operators of users: defined, bound, called."""
