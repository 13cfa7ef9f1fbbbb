"""The catalog: schemas and what they hold, resolved by search path, and shown as pg_catalog and information_schema."""
