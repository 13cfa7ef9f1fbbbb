"""The `dotdo` command: serves, shows, branches, merges and examines tenants."""

__version__ = "0.1.0"
