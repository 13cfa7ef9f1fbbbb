"""The views of information_schema, from the same definitions as pg_catalog."""

from __future__ import annotations

PROVIDERS = ()
